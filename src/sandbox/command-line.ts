import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"

import { DEFAULT_TOKENS } from "./chains"
import { factsOf } from "./errors"
import type { SandboxOptions } from "./index"
import { PROFILE_NAMES, type ProfileName } from "./payments"

/** A command line or environment that cannot be used; the message says what to write instead. */
export class UsageError extends Error {}

/** What to start, and how the credentials may be shown. */
type Command = { help: true } | { help: false; options: StartOptions; shown: Credentials }

export type StartOptions = SandboxOptions & {
  port: number
  host: string
  profiles: readonly ProfileName[]
  tokens: readonly string[]
  seed: number
  stateFile: string | null
}

/** Credentials as they are printed: those built in as they are, given ones by where they came from. */
export type Credentials = {
  apiKey: string
  publicId: string
  privateKey: string
  webhookSecret: Record<ProfileName, string>
}

export const HELP = `Usage: medusa-payment-kobbopay sandbox [options]

Starts a stand-in for Kobbopay on this machine: both profiles, signed webhooks, a payer page and a
control API. Play money only; without --state everything is forgotten when it stops.

Options (each may be given by the variable beside it)
  --port N               port, 0 for any free one          SANDBOX_PORT             4500
  --host H               address to listen on              SANDBOX_HOST             127.0.0.1
  --profile P            invoice, docs or both             KOBBOPAY_PROFILE         both
  --webhook-url URL      where webhooks go                 KOBBOPAY_WEBHOOK_URL     none: not sent
  --webhook-secret S     signs webhooks of both profiles; for one profile write docs=S or invoice=S,
                         and repeat the option             KOBBOPAY_WEBHOOK_SECRETS (comma-separated;
                         of several without a profile the first signs)
  --api-key S            docs: x-api-key                   KOBBOPAY_API_KEY
  --public-id S          invoice: ApiPublic                KOBBOPAY_PUBLIC_ID
  --private-key S        invoice: signs requests           KOBBOPAY_PRIVATE_KEY
  --tokens A,B           enabled tokens                    SANDBOX_TOKENS           ${DEFAULT_TOKENS.join(",")}
  --memo-tokens A,B      tokens paid with a memo           SANDBOX_MEMO_TOKENS      none
  --expire-after N       seconds until unpaid payments     SANDBOX_EXPIRE_AFTER     never
                         expire by themselves
  --state FILE           keeps the payments in a file     SANDBOX_STATE            none: forgotten
  --seed N               the dice of the weather           SANDBOX_SEED             drawn anew
  --help                 this text
`

const BUILT_IN: Credentials = {
  apiKey: "sandbox-api-key",
  publicId: "sandbox-public-id",
  privateKey: "sandbox-private-key",
  webhookSecret: { docs: "sandbox-docs-webhook-secret", invoice: "sandbox-invoice-webhook-secret" },
}

const text = { type: "string" } as const
const OPTIONS = {
  port: text,
  host: text,
  profile: text,
  "webhook-url": text,
  "webhook-secret": { type: "string", multiple: true },
  "api-key": text,
  "public-id": text,
  "private-key": text,
  tokens: text,
  "memo-tokens": text,
  "expire-after": text,
  seed: text,
  state: text,
  help: { type: "boolean", short: "h" },
} as const

type Environment = Readonly<Record<string, string | undefined>>

/** Reads arguments and environment; a flag wins. Throws a UsageError that tells the fix. */
export function readCommand(args: readonly string[], env: Environment): Command {
  const { values, positionals } = split(args)
  const [command, ...rest] = positionals
  if (values.help) return { help: true }
  if (command !== "sandbox" || rest.length > 0) {
    const got = command === undefined ? "no command was given" : `"${positionals.join(" ")}"`
    throw new UsageError(`${got}: the only command is "sandbox"`)
  }
  const given = (flag: string | undefined, variable: string) => flag || env[variable] || undefined
  const credential = (flag: keyof typeof values, variable: string, builtIn: string) => {
    const value = values[flag]
    if (typeof value === "string" && value) return { value, shown: `as given by --${flag}` }
    const inherited = env[variable]
    return inherited
      ? { value: inherited, shown: `as given by ${variable}` }
      : { value: builtIn, shown: builtIn }
  }
  const apiKey = credential("api-key", "KOBBOPAY_API_KEY", BUILT_IN.apiKey)
  const publicId = credential("public-id", "KOBBOPAY_PUBLIC_ID", BUILT_IN.publicId)
  const privateKey = credential("private-key", "KOBBOPAY_PRIVATE_KEY", BUILT_IN.privateKey)
  const secrets = webhookSecrets(values["webhook-secret"], env["KOBBOPAY_WEBHOOK_SECRETS"])
  const seconds = given(values["expire-after"], "SANDBOX_EXPIRE_AFTER")
  const seed = given(values.seed, "SANDBOX_SEED")
  const port = given(values.port, "SANDBOX_PORT") ?? "4500"
  return {
    help: false,
    options: {
      port: whole(port, "--port", 65_535),
      host: given(values.host, "SANDBOX_HOST") ?? "127.0.0.1",
      profiles: profiles(given(values.profile, "KOBBOPAY_PROFILE") ?? "both"),
      credentials: {
        apiKey: apiKey.value,
        publicId: publicId.value,
        privateKey: privateKey.value,
      },
      webhook: {
        url: webhookUrl(given(values["webhook-url"], "KOBBOPAY_WEBHOOK_URL")),
        secret: secrets.value,
      },
      tokens: list(given(values.tokens, "SANDBOX_TOKENS")) ?? DEFAULT_TOKENS,
      memoTokens: list(given(values["memo-tokens"], "SANDBOX_MEMO_TOKENS")) ?? [],
      expireAfterMs: seconds ? whole(seconds, "--expire-after", 2_000_000) * 1000 : null,
      seed: seed ? whole(seed, "--seed", 4_294_967_295) : randomInt(1_000_000),
      stateFile: given(values.state, "SANDBOX_STATE") ?? null,
    },
    shown: {
      apiKey: apiKey.shown,
      publicId: publicId.shown,
      privateKey: privateKey.shown,
      webhookSecret: secrets.shown,
    },
  }
}

function split(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError(factsOf(error).message)
  }
}

function webhookSecrets(flags: readonly string[] | undefined, variable: string | undefined) {
  const entries = flags ?? list(variable) ?? []
  const from = flags ? "--webhook-secret" : "KOBBOPAY_WEBHOOK_SECRETS"
  const value = { ...BUILT_IN.webhookSecret }
  const shown = { ...BUILT_IN.webhookSecret }
  const set = (profile: ProfileName, secret: string): void => {
    if (secret === "") throw new UsageError(`${from}: the secret is empty; leave it out instead`)
    value[profile] = secret
    shown[profile] = `as given by ${from}`
  }
  const named = (entry: string) => PROFILE_NAMES.find((name) => entry.startsWith(`${name}=`))
  const plain = entries.filter((entry) => !named(entry))
  if (flags && plain.length > 1) {
    throw new UsageError(
      `${from}: webhooks are signed with one secret; give one, or docs=S and invoice=S`,
    )
  }
  const [both] = plain
  if (both !== undefined) for (const profile of PROFILE_NAMES) set(profile, both)
  for (const entry of entries) {
    const profile = named(entry)
    if (profile) set(profile, entry.slice(profile.length + 1))
  }
  return { value, shown }
}

function webhookUrl(given: string | undefined): string | null {
  if (given === undefined) return null
  const url = URL.canParse(given) ? new URL(given) : null
  if (url && /^https?:$/.test(url.protocol)) return given
  throw new UsageError(
    `--webhook-url: "${given}" is no web address; write e.g. http://localhost:9000/hooks/kobbopay`,
  )
}

function profiles(given: string): readonly ProfileName[] {
  if (given === "both") return PROFILE_NAMES
  const name = PROFILE_NAMES.find((known) => known === given)
  if (name) return [name]
  throw new UsageError(`--profile: "${given}" is unknown; write invoice, docs or both`)
}

function whole(given: string, flag: string, most: number): number {
  const number = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (number <= most) return number
  throw new UsageError(`${flag}: "${given}" is no whole number from 0 to ${most}`)
}

const list = (given: string | undefined): string[] | undefined =>
  given
    ?.split(",")
    .map((item) => item.trim())
    .filter(Boolean)
