import { readBooks, type Books } from "./books"
import type { Diary } from "./diary"
import {
  caseOf,
  doubledIn,
  explains,
  lostOf,
  stuckIn,
  unrecorded,
  type Case,
  type Finding,
} from "./findings"
import { ACCOUNTS, type Ground } from "./ground"

export type Verdict = {
  findings: Finding[]
  payments: number
  openExceptions: number
  explained: number
  /** What is wrong by Medusa's own doing: workflows cut off by a kill, stock counted without a shared lock. */
  remains: string[]
  orders: Record<"captured" | "cancelled" | "open", number>
}

/** Compares every payment at the stand-in with the ledger and Medusa's books. */
export async function audit(ground: Ground, diary: Diary): Promise<Verdict> {
  const { control } = ground.sandbox
  const books = await readBooks(ground)
  const findings: Finding[] = []
  const note = (kind: Finding["kind"], texts: readonly string[]) =>
    findings.push(...texts.map((text) => ({ kind, text })))

  const { cases, missing } = compare(ground, books, diary)
  note("lost", missing)
  note("lost", cases.flatMap(lostOf))
  note("lost", unrecorded(control.deliveries(), books))
  note("doubled", [...books.collections.values()].flatMap(doubledIn))
  note("stuck", stuckIn(books))
  const sharesLocks = ground.redis !== null
  if (sharesLocks) note("stuck", books.drift)

  const byId = new Map(cases.map((each) => [each.ledger.id, each]))
  let openExceptions = books.astray.length
  note(
    "unexplained",
    books.astray.map((one) => `exception ${one.id} (${one.class}) of ${one.subject_id}`),
  )
  for (const payment of books.payments) {
    const known = byId.get(payment.id)
    for (const found of payment.open) {
      openExceptions += 1
      if (known !== undefined && explains(known, found, diary)) continue
      note("unexplained", [
        `${found} on payment ${payment.id} (${payment.kobbopay_id}, state ${payment.state}): ${traceOf(known, diary)}`,
      ])
    }
  }
  const unexplained = findings.filter(({ kind }) => kind === "unexplained").length
  return {
    findings,
    payments: cases.length,
    openExceptions,
    explained: openExceptions - unexplained,
    remains: sharesLocks ? books.remains : [...books.remains, ...books.drift],
    orders: ordersIn(books),
  }
}

/** What is left to do, in words; empty once all has come to rest. */
export const unrest = async (ground: Ground): Promise<string[]> => stuckIn(await readBooks(ground))

/** The cases, and in words the payments at the stand-in that the ledger should know and does not. */
function compare(ground: Ground, books: Books, diary: Diary) {
  const ledger = new Map(books.payments.map((one) => [`${one.account_id} ${one.kobbopay_id}`, one]))
  const cases: Case[] = []
  const missing: string[] = []
  for (const seen of ground.sandbox.control.payments()) {
    const known = ledger.get(`${ACCOUNTS[seen.profile]} ${seen.id}`)
    if (known !== undefined) cases.push(caseOf(seen, known, books, diary))
    else if (seen.transfers.length > 0) {
      missing.push(`payment ${seen.id} holds ${seen.received} and is not in the ledger`)
    }
  }
  return { cases, missing }
}

const traceOf = (found: Case | undefined, diary: Diary): string =>
  found === undefined
    ? "not at Kobbopay"
    : JSON.stringify({
        status: found.seen.status,
        transfers: found.seen.transfers.map(({ token, amount, confirmed, at }) => ({
          token,
          amount,
          confirmed,
          at,
        })),
        created: found.ledger.created_at,
        expected: found.expected.toFixed(),
        acts: diary.of(found.seen.id),
      })

function ordersIn(books: Books): Verdict["orders"] {
  const orders = { captured: 0, cancelled: 0, open: 0 }
  for (const { orders: placed, payments } of books.collections.values()) {
    for (const { status } of placed) {
      if (status === "canceled") orders.cancelled += 1
      else if (payments.some(({ captures }) => captures.length > 0)) orders.captured += 1
      else orders.open += 1
    }
  }
  return orders
}
