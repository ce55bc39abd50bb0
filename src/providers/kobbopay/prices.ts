import type { Logger } from "@medusajs/framework/types"
import type { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { safeText } from "../../kobbopay/errors"
import { secretsOf, type Account } from "../../kobbopay/options"
import type { PriceSourceError, Rail } from "../../kobbopay/rails"
import { errorText } from "../../store/error-text"
import { notAllowed } from "./refusals"

/** The same fault of one rail is logged this often: shoppers, and strangers, may ask at any rate. */
const LOG_EVERY_MS = 60_000

const logged = new WeakMap<Rail, { words: string; at: number }>()

/** What the shopper reads when the merchant's own source of prices brought none. */
export const noPriceNow = (rail: Pick<Rail, "label">): MedusaError =>
  notAllowed(`${rail.label} is not available right now. Choose another way to pay.`)

/** One line for the merchant: which rail and currency, and what the source of prices answered. */
export function logPriceFailure(
  { account, log, now }: { account: Account; log: Pick<Logger, "warn">; now: () => Date },
  rail: Rail,
  currencyCode: string,
  fault: PriceSourceError,
): void {
  const words =
    `kobbopay: account ${account.id}: no price in ${currencyCode.toUpperCase()}: ` +
    `${fault.message}${causeOf(fault, secretsOf(account.options))}`
  const at = now().getTime()
  const before = logged.get(rail)
  if (before?.words === words && at - before.at < LOG_EVERY_MS) return
  logged.set(rail, { words, at })
  log.warn(words)
}

const withCause = z.object({ cause: z.unknown() })

/** What a source threw, with what is behind it: a failed fetch keeps its reason there. */
function causeOf({ cause }: PriceSourceError, secrets: readonly string[]): string {
  if (cause === undefined) return ""
  const behind = cause instanceof Error ? withCause.safeParse(cause).data?.cause : undefined
  const texts = [cause, behind].filter((one) => one !== undefined).map(errorText)
  return `: ${safeText(withoutKeys(texts.join(": ")), secrets)}`
}

/** Of an address only its host, and no key that is named as one: they are the merchant's own. */
const withoutKeys = (text: string): string =>
  text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, (address) =>
      URL.canParse(address) ? `${new URL(address).protocol}//${new URL(address).host}/…` : "…",
    )
    .replace(/\b(\w*(?:key|token|secret|password|authorization)"?\s*[=:]|bearer)\s*\S+/gi, "$1 …")
