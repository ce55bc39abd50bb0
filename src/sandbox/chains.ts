import { createHash } from "node:crypto"

import { keccak_256 } from "@noble/hashes/sha3"

/**
 * What a token is on its chain. `aliases` are the network names the docs profile is asked for,
 * compared without case, blanks or dashes: Kobbopay's own names are not public.
 */
export type Chain = {
  token: string
  asset: string
  network: string
  aliases: readonly string[]
  decimals: number
  /** "evm", or the version byte of base58check addresses; "opaque" where no format is known. */
  address: "evm" | "opaque" | number
}

const TRON = 0x41
const tron = ["tron", "trc20", "trc", "trx"]
const bsc = ["bsc", "bep20", "bnbsmartchain", "bnb", "binancesmartchain"]
const ethereum = ["ethereum", "erc20", "erc", "eth"]
const polygon = ["polygon", "matic", "pol", "polygonpos"]

const CHAINS: readonly Chain[] = [
  { token: "USDTTRC", asset: "USDT", network: "Tron", aliases: tron, decimals: 6, address: TRON },
  {
    token: "USDTBSC",
    asset: "USDT",
    network: "BNB Smart Chain",
    aliases: bsc,
    decimals: 18,
    address: "evm",
  },
  {
    token: "USDTERC",
    asset: "USDT",
    network: "Ethereum",
    aliases: ethereum,
    decimals: 6,
    address: "evm",
  },
  {
    token: "USDTPOLYGON",
    asset: "USDT",
    network: "Polygon",
    aliases: polygon,
    decimals: 6,
    address: "evm",
  },
  { token: "TRX", asset: "TRX", network: "Tron", aliases: tron, decimals: 6, address: TRON },
  {
    token: "BNB",
    asset: "BNB",
    network: "BNB Smart Chain",
    aliases: bsc,
    decimals: 18,
    address: "evm",
  },
  {
    token: "ETH",
    asset: "ETH",
    network: "Ethereum",
    aliases: ethereum,
    decimals: 18,
    address: "evm",
  },
  {
    token: "BTC",
    asset: "BTC",
    network: "Bitcoin",
    aliases: ["bitcoin", "btc"],
    decimals: 8,
    address: 0x00,
  },
  {
    token: "LTC",
    asset: "LTC",
    network: "Litecoin",
    aliases: ["litecoin", "ltc"],
    decimals: 8,
    address: 0x30,
  },
  { token: "DASH", asset: "DASH", network: "Dash", aliases: ["dash"], decimals: 8, address: 0x4c },
]

/** The tokens switched on unless told otherwise. */
export const DEFAULT_TOKENS: readonly string[] = ["USDTTRC", "USDTBSC", "USDTERC", "USDTPOLYGON"]

/** The chain of a token; a token nobody knows is taken as its own asset and network. */
export function chainOf(token: string): Chain {
  const known = CHAINS.find((chain) => chain.token === token)
  return (
    known ?? {
      token,
      asset: token,
      network: token,
      aliases: [plain(token)],
      decimals: 18,
      address: "opaque",
    }
  )
}

/** The enabled token that a docs create means by currency and network; null when none does. */
export function tokenFor(
  currency: string,
  network: string,
  enabled: readonly string[],
): string | null {
  const chain = enabled
    .map(chainOf)
    .find((c) => plain(c.asset) === plain(currency) && c.aliases.includes(plain(network)))
  return chain?.token ?? null
}

/** An address in the real format of the token's chain, derived from `seed`; nobody holds its key. */
export function addressFor(token: string, seed: string): string {
  const { address } = chainOf(token)
  const body = sha256(Buffer.from(`address of ${seed}`)).subarray(0, 20)
  if (address === "evm") return checksummed(body.toString("hex"))
  if (address === "opaque") return `sandbox${body.toString("hex")}`
  return base58check(Buffer.concat([Buffer.from([address]), body]))
}

/** A transaction hash in the form of the token's chain, derived from `seed`. */
export function hashFor(token: string, seed: string): string {
  const hex = sha256(Buffer.from(`transaction ${seed}`)).toString("hex")
  return chainOf(token).address === "evm" ? `0x${hex}` : hex
}

/** A memo (destination tag) derived from `seed`: digits. */
export const memoFor = (seed: string): string =>
  String(sha256(Buffer.from(`memo of ${seed}`)).readUInt32BE(0))

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest()

/** EIP-55: a letter is upper case where the hash of the lower-case address has a nibble of 8 or more. */
function checksummed(hex: string): string {
  const nibbles = Buffer.from(keccak_256(Buffer.from(hex, "ascii"))).toString("hex")
  const mixed = [...hex].map((c, i) => (parseInt(nibbles.charAt(i), 16) >= 8 ? c.toUpperCase() : c))
  return `0x${mixed.join("")}`
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

function base58check(payload: Buffer): string {
  const bytes = Buffer.concat([payload, sha256(sha256(payload)).subarray(0, 4)])
  let rest = BigInt(`0x${bytes.toString("hex")}`)
  let text = ""
  while (rest > 0n) {
    text = BASE58.charAt(Number(rest % 58n)) + text
    rest /= 58n
  }
  // Base58 writes each leading zero byte as a "1".
  for (const byte of bytes) {
    if (byte !== 0) break
    text = `1${text}`
  }
  return text
}
