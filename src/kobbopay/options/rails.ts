import { z } from "@medusajs/framework/zod"
import { brandAs, type RailId } from "../../domain/ids"
import { AmountError, convertUp, DEFAULT_QUOTE_DECIMALS } from "../../domain/money"
import { KNOWN_TOKENS, type PriceFunction, type Rail } from "../rails"
import { plainFaults } from "./faults"
import { rule, text, wholeNumber } from "./fields"

type PriceTable = Record<string, string>

/** One entry of `rails` as a merchant writes it. A known token brings its asset, network and decimals. */
type RailInput = {
  id: string
  token: string
  asset?: string
  network?: string
  label?: string
  decimals?: number
  quoteDecimals?: number
  memo?: boolean
  prices: PriceTable | PriceFunction
}

const isPrice = (value: string): boolean => {
  try {
    return convertUp({ storeAmount: "1", price: value, decimals: 0 }) > 0n
  } catch (error) {
    if (error instanceof AmountError) return false
    throw error
  }
}

const noCurrencyTwice = (table: PriceTable): boolean => {
  const currencies = Object.keys(table)
  return new Set(currencies.map((code) => code.toLowerCase())).size === currencies.length
}

const PRICE_FIX = 'write units of the asset per unit of the currency as text, such as "1.08"'
const priceTable = z
  .record(
    text(/^[A-Za-z]{3}$/, "is not a currency", 'use codes such as "usd"'),
    z
      .string({ error: `is not text; ${PRICE_FIX}` })
      .refine(isPrice, { error: `is no price; ${PRICE_FIX}` }),
    {
      error: ({ code }) =>
        code === "invalid_type"
          ? 'is neither a table of prices nor a function; write { usd: "1" }'
          : undefined,
    },
  )
  .refine((table) => Object.keys(table).length > 0, { error: "has no price; add a currency" })
  .refine(noCurrencyTwice, { error: "names a currency twice; keep one" })

const prices = z
  .custom<PriceTable | PriceFunction>((value) => value !== undefined, {
    error: 'is missing; write { usd: "1" }, or give a function that answers a price',
  })
  .transform((value, ctx): PriceTable | PriceFunction => {
    if (typeof value === "function") return value
    const table = priceTable.safeParse(value)
    if (table.success) {
      return Object.fromEntries(
        Object.entries(table.data).map(([currency, price]) => [currency.toLowerCase(), price]),
      )
    }
    for (const fault of plainFaults(table.error)) ctx.addIssue({ code: "custom", ...fault })
    return z.NEVER
  })

const named = (what: string) =>
  text(/^\S(.{0,62}\S)?$/, "is not a name", `set ${what}, for the token is not one known here`)

const railShape = z.strictObject({
  id: text(/^[a-z0-9][a-z0-9_-]{0,63}$/, "is not an id", 'use lower case such as "usdt-tron"'),
  token: text(
    /^[\x21-\x7e]{1,64}$/,
    "is not a token",
    'use Kobbopay\'s name, such as "USDTTRC"',
  ).refine((token) => KNOWN_TOKENS.has(token) || !KNOWN_TOKENS.has(token.toUpperCase()), {
    error: "is a token of Kobbopay in another case; write it in upper case",
  }),
  asset: named('the asset\'s name, such as "BTC"'),
  network: named("Kobbopay's name of the network"),
  label: text(/^\S(.{0,98}\S)?$/, "is not a label", "use up to 100 characters").optional(),
  decimals: wholeNumber(0, 36),
  quoteDecimals: wholeNumber(0, 36).prefault(DEFAULT_QUOTE_DECIMALS),
  memo: z
    .boolean({ error: "is not true or false; set it where the network needs a memo or tag" })
    .prefault(false),
  prices,
})

/** Fills in what a known token says by itself; what the merchant wrote stands. */
function withKnown(raw: RailInput): RailInput {
  // What a config really holds may be anything; the schema behind this says so.
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw
  const known = KNOWN_TOKENS.get(raw.token)
  if (known === undefined) return raw
  const { asset, network, label, decimals } = known
  const written = Object.entries(raw).filter(([, value]) => value !== undefined)
  return Object.assign({ ...raw, asset, network, label, decimals }, Object.fromEntries(written))
}

const token = z.string()

/** One entry of `rails`. */
const railSchema = z.preprocess(
  withKnown,
  railShape
    .refine(
      ...rule(
        z.object({ token, decimals: z.number() }),
        ["decimals"],
        "contradicts the token's network, where the asset has other decimals (USDT: 18 on BNB Smart " +
          "Chain, 6 on Tron, Ethereum and Polygon), so every amount would be wrong; leave it out",
        (rail) => (KNOWN_TOKENS.get(rail.token)?.decimals ?? rail.decimals) === rail.decimals,
      ),
    )
    .refine(
      ...rule(
        z.object({ token, asset: z.string() }),
        ["asset"],
        "contradicts the token, which is for another asset; leave it out",
        (rail) => (KNOWN_TOKENS.get(rail.token)?.asset ?? rail.asset) === rail.asset,
      ),
    )
    .transform((rail): Rail => ({
      ...rail,
      id: brandAs<RailId>(rail.id),
      label: rail.label ?? `${rail.asset} on ${rail.network}`,
      quoteDecimals: Math.min(rail.quoteDecimals, rail.decimals),
    })),
)

/** All rails of an account: at least one, each with an id of its own. */
export const railsSchema = z
  .array(railSchema, { error: "is not a list; add at least one rail" })
  .min(1, { error: "is empty; add at least one rail" })
  .refine(
    ...rule(
      z.array(z.object({ id: z.string() })),
      [],
      "has two rails of the same id; give each its own",
      (rails) => new Set(rails.map((rail) => rail.id)).size === rails.length,
    ),
  )
