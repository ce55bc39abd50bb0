import type { ConfigModule, Logger } from "@medusajs/framework/types"
import { createClient, type KobbopayClient } from "../../kobbopay/client"
import { KobbopayError } from "../../kobbopay/errors"
import { brandAs, type KobbopayId } from "../../domain/ids"
import type { Account } from "../../kobbopay/options"
import { isLoopback } from "../../kobbopay/proxy"
import { errorText } from "../../store/error-text"

/** The boot does not wait for this, but the line about it shall come while somebody still looks. */
const CHECK_WITHIN_MS = 5_000

/** No payment of Kobbopay's has this id: an account that may ask learns that there is none. */
const NO_PAYMENT = brandAs<KobbopayId>("medusa-payment-kobbopay-boot-check")

type Finding = { isWell: boolean; words: string }

type CheckDeps = {
  accounts: readonly Account[]
  log: Pick<Logger, "info" | "warn">
  /** The store's own address, as far as it is known. */
  backendUrl: string | null
  isProduction: boolean
  /** Gives up: the store is closing. */
  signal: AbortSignal
}

/**
 * Tells at boot, in one line for each account, what it sells through, where its webhooks go, and whether
 * Kobbopay took its credentials: not the first shopper shall find out. Stops no boot, and never throws.
 */
export async function checkCredentials(deps: CheckDeps): Promise<void> {
  const hook = `${deps.backendUrl ?? "https://<your backend>"}/hooks/kobbopay`
  await Promise.all(
    deps.accounts.map(async (account) => {
      const { options } = account
      const { host, hostname } = new URL(options.baseUrl)
      if (deps.isProduction && isLoopback(hostname)) {
        deps.log.warn(
          `kobbopay: account ${account.id}: baseUrl is ${host}, this very machine, in production: ` +
            "a sandbox takes no real money. Set baseUrl to the address issued for your environment.",
        )
      }
      const { isWell, words } = await askKobbopay(account, deps.signal)
      if (deps.signal.aborted) return
      const rails = options.rails.map((rail) => rail.id).join(", ")
      const line =
        `kobbopay: account ${account.id} (${options.profile}) at ${host}; rails: ${rails}; ` +
        `webhooks go to ${hook}; ${words}`
      if (isWell) deps.log.info(line)
      else deps.log.warn(line)
    }),
  )
}

/** The store's address, where its config or environment names one. */
export function backendUrlOf(config: Partial<Pick<ConfigModule, "admin">>): string | null {
  const addresses = [config.admin?.backendUrl, process.env.MEDUSA_BACKEND_URL]
  const url = addresses.find((one) => one !== undefined && /^https?:\/\//.test(one))
  return url === undefined ? null : url.replace(/\/+$/, "")
}

async function askKobbopay(account: Account, closing: AbortSignal): Promise<Finding> {
  const client = createClient(account, {
    now: Date.now,
    random: Math.random,
    sleep: () => Promise.resolve(),
  })
  const signal = AbortSignal.any([closing, AbortSignal.timeout(CHECK_WITHIN_MS)])
  try {
    return await ask(account, client, signal)
  } catch (cause) {
    if (cause instanceof KobbopayError) return inWords(account, cause)
    return { isWell: false, words: `the credentials could not be tried: ${errorText(cause)}` }
  }
}

async function ask(
  account: Account,
  client: KobbopayClient,
  signal: AbortSignal,
): Promise<Finding> {
  const call = { attempts: 1, signal }
  const [rail] = account.options.rails
  const tokens = await client.enabledTokens(call)
  if (tokens === null && rail !== undefined) await client.read(NO_PAYMENT, rail, call)
  const enabled = new Set(tokens?.map((token) => token.toLowerCase()))
  const off = account.options.rails.filter(({ token }) => !enabled.has(token.toLowerCase()))
  if (tokens === null || off.length === 0) return WELL
  const named = off.map(({ id, token }) => `${id} (${token})`).join(", ")
  return {
    isWell: false,
    words: `${WELL.words}, but these rails are not enabled at Kobbopay: ${named}`,
  }
}

const WELL: Finding = { isWell: true, words: "Kobbopay took the credentials" }

function inWords({ options }: Account, cause: KobbopayError): Finding {
  const keys = options.profile === "docs" ? "apiKey" : "publicId and privateKey, and the clock"
  const { kind, status, message } = cause
  if (status === 401 || status === 403) {
    return {
      isWell: false,
      words: `KOBBOPAY REFUSES THE CREDENTIALS: ${message}. Look at ${keys}, and that they are of this environment`,
    }
  }
  // A payment that does not exist: only who was let in learns so.
  const isProof = options.profile === "docs" && status !== null && kind !== "unavailable"
  if (isProof && (status === 404 || status === 400 || status === 422 || status < 300)) return WELL
  return { isWell: false, words: `the credentials could not be tried: ${message}` }
}
