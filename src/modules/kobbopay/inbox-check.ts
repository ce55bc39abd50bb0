import { randomUUID } from "node:crypto"
import type { Logger } from "@medusajs/framework/types"
import { safeText } from "../../kobbopay/errors"
import { brandAs, type AccountId } from "../../domain/ids"
import { errorText } from "../../store/error-text"
import { recordEvents } from "../../store/inbox/insert"
import { planEachTime } from "../../store/sql"
import type { InboxPool } from "./inbox-pool"

/**
 * Records one event at boot as a webhook would be, and takes it back: a store that sells and cannot hear of
 * its money must not be found out by the first payment. Never throws, and stops no boot.
 */
export async function checkInbox(deps: {
  pool: Pick<InboxPool, "isBehindPooler" | "rehearse">
  log: Pick<Logger, "error">
  now: () => Date
}): Promise<void> {
  try {
    if (await deps.pool.isBehindPooler()) planEachTime()
    await deps.pool.rehearse((connection) => recordEvents(connection, [trial(deps.now())]))
  } catch (cause) {
    deps.log.error(
      `kobbopay: webhooks cannot be recorded, so each is answered with 503 until this is mended: ` +
        `${safeText(errorText(cause), [])}. ${fixOf(cause)}`,
    )
  }
}

const trial = (now: Date) => ({
  accountId: brandAs<AccountId>("boot"),
  bodyHash: `boot ${randomUUID()}`,
  eventId: null,
  deliveryId: null,
  type: "boot",
  reportedState: null,
  reportedAmount: null,
  kobbopayIds: [],
  reference: null,
  rawBody: "{}",
  secretIndex: 0,
  isTest: true,
  receivedAt: now,
})

/** What to do about it: by PostgreSQL's code, or by what a pooler or the driver says. */
const FIXES: [RegExp, string][] = [
  [
    /^(42P01|42703|3F000) /,
    'Run "npx medusa db:migrate", and see that databaseSchema names the schema of the store\'s tables',
  ],
  [/^42501 /, "Let databaseUrl's user insert into kobbopay_event"],
  [/^25006 /, "Let databaseUrl lead to the primary: this PostgreSQL only reads"],
  [/^(53300|08P01 .*no more connections)/, "Allow more connections: the inbox takes up to 4"],
  [
    /startup parameter/,
    "The pooler refuses a setting in databaseUrl or databaseDriverOptions; remove it there, or name it in the pooler's ignore_startup_parameters",
  ],
  [
    /ssl|tls|certificate/i,
    "Look at ssl in databaseDriverOptions.connection; the inbox connects as the app does",
  ],
  [
    /^(28\w{3}|3D000) |password/i,
    "Look at databaseUrl, and at dynamicPassword in databaseDriverOptions; the inbox connects as the app does",
  ],
]
const OTHERWISE =
  "Look at databaseUrl and databaseDriverOptions; the inbox connects as the app does, within 2.5 s"

function fixOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  const text = `${code} ${errorText(cause)}`
  return `${FIXES.find(([pattern]) => pattern.test(text))?.[1] ?? OTHERWISE}.`
}
