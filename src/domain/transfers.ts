import type { Transfer } from "./reading"

type Identity = Pick<Transfer, "hash" | "trackerId">

/**
 * A transaction hash in one spelling: chains write theirs in hexadecimal, with or without `0x`, in either
 * case, and services repeat it as they like.
 */
export const normalHash = (hash: string): string => {
  const trimmed = hash.trim()
  return /^(0x)?[0-9a-f]+$/i.test(trimmed) ? trimmed.toLowerCase().replace(/^0x/, "") : trimmed
}

/**
 * Whether two reports are of one transfer: by the tracker where both have one, else by the hash. The one
 * place that says what identifies a transfer.
 */
export const isSameTransfer = (one: Identity, other: Identity): boolean =>
  one.trackerId !== undefined && other.trackerId !== undefined
    ? one.trackerId === other.trackerId
    : one.hash !== "" && normalHash(one.hash) === normalHash(other.hash)

/**
 * The keys under which a transfer may count for one payment only: its hash on its network, and its tracker
 * at its account.
 */
export const transferKeys = (
  transfer: Identity,
  of: { network: string; accountId: string },
): { scope: string; key: string }[] => [
  ...(transfer.hash === ""
    ? []
    : [{ scope: `network ${of.network.toLowerCase()}`, key: normalHash(transfer.hash) }]),
  ...(transfer.trackerId === undefined
    ? []
    : [{ scope: `account ${of.accountId}`, key: transfer.trackerId }]),
]
