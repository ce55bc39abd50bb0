import { audit } from "../../../src/work/audit"
import { Broken } from "./invariants"
import type { Ledger } from "./ledger"
import { PROVIDER, type Medusa } from "./medusa"
import { GRACE_MS, RENEW_FOR_MS } from "./shop"
import type { Truth } from "./truth"

/** What a stream leaves behind. */
export type Left = { truth: Truth; ledger: Ledger; medusa: Medusa; entitlement: string }

/**
 * Nothing contradicts anything at the end but what an open exception tells of.
 *
 * @throws {Broken} when something does
 */
export function holdsTogether({ truth, ledger, medusa, entitlement }: Left, at: number): void {
  const { rows, open, collection } = ledger
  const cancelled = collection.orderCancelledAt
  const exceptions = [...open].flatMap((one) => {
    const [number, name = ""] = one.split(" ")
    const row = rows[Number(number)]
    return row === undefined ? [] : [{ paymentId: row.id, class: name }]
  })
  const books = {
    exceptions,
    sent: [],
    released: entitlement === "released" ? [{ units: 1, gate: "confirmed" }] : [],
    reservations: medusa.reserved,
    settledElsewhere: false,
  }
  for (const row of rows) {
    const found = audit({
      payment: row,
      payments: rows,
      view: medusa.view(),
      shown: ledger.shown(),
      readResult: null,
      now: new Date(at),
      orderCancelledAt: cancelled === null ? null : new Date(cancelled),
      books,
      provider: PROVIDER,
      captureOn: truth.policy.captureOn,
      cancelOrderAfterMs: GRACE_MS,
      renewForMs: RENEW_FOR_MS,
    })
    const untold = found.filter(() => !exceptions.some((one) => one.paymentId === row.id))
    if (untold.length > 0) throw new Broken(`untold: ${JSON.stringify(untold)}`)
  }
}
