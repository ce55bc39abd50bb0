import { brandAs, type KobbopayId, type Reference } from "../ids"
import { judge, type Known } from "../judge"
import type { Reading } from "../reading"
import type { Rules } from "../rules"

const NOW = new Date("2026-01-01T12:00:00Z")
const REFERENCE = brandAs<Reference>("kp_1")

const rules: Rules = {
  policy: { authorizeOn: "paid", captureOn: "confirmed", latePayments: "review" },
  required: { amount: false, asset: false },
  says: new Set(["pending", "paid", "confirmed", "expired"]),
  tolerance: () => ({ underMinor: 0n, overMinor: 10n }),
  stuckAfterMs: 6 * 3_600_000,
  closePendingAfterMs: 24 * 3_600_000,
  watchForMs: 30 * 24 * 3_600_000,
}
/** A confirmed payment that is kept from settling. */
const barred: Known = {
  ...{ asset: "USDT", network: "TRC20", token: "USDTTRC", reference: REFERENCE },
  ...{ expectedMinor: 1_000n, decimals: 6, state: "confirmed", want: "nothing" },
  ...{ receivedMinor: 2_000n, paidBackMinor: 0n, transfers: [], amountFit: "over" },
  ...{ accepted: null, createdAt: NOW, moneySeenAt: NOW, confirmedAt: NOW },
}
const reading = (change: Partial<Reading>): Reading => ({
  ...{ kobbopayId: brandAs<KobbopayId>("pay_1"), state: "confirmed", asset: "USDT" },
  ...{ network: "TRC20", token: null, reference: REFERENCE, expectedMinor: 1_000n },
  ...{ receivedMinor: 2_000n, transfers: [], astray: false },
  ...change,
})
const decided = (known: Partial<Known>, read: Partial<Reading>) =>
  judge(
    { ...barred, ...known },
    {
      reading: reading(read),
      claims: [],
      order: {
        order: "open",
        covered: false,
        superseded: false,
        orderChanged: false,
        settled: false,
        captured: false,
        asks: null,
      },
      rules,
      now: NOW,
    },
  ).decision

describe("a read that is behind what the ledger knows", () => {
  const OLDER: Partial<Reading>[] = [
    { state: "pending", receivedMinor: null },
    { state: "pending", receivedMinor: 0n },
    { state: "confirmed", receivedMinor: 1_000n },
  ]
  test.each(OLDER)("settles nothing that was kept from settling: %p", (read) => {
    expect(decided({}, read)).toEqual({ state: "confirmed", want: "nothing", exceptions: [] })
  })
  test.each(OLDER)("takes nothing back that is under way: %p", (read) => {
    expect(decided({ want: "captured" }, read)).toMatchObject({ want: "captured" })
  })
  test.each(OLDER)("does not stand against a person's word: %p", (read) => {
    expect(decided({ accepted: { what: "finality", minor: null } }, read)).toMatchObject({
      want: "captured",
    })
  })
  test("one that shows as much settles", () => {
    expect(decided({}, {})).toEqual({
      ...{ state: "confirmed", want: "captured", exceptions: ["overpaid"] },
    })
  })
})

describe("money on another rail", () => {
  test("is seen while Kobbopay calls the payment open, though nothing of it counts", () => {
    const fresh: Partial<Known> = {
      ...{ state: "pending", receivedMinor: null, amountFit: null },
      ...{ moneySeenAt: null, confirmedAt: null },
    }
    const read: Partial<Reading> = {
      ...{ state: "pending", network: "BEP20", receivedMinor: null, astray: true },
    }
    expect(decided(fresh, read)).toEqual({
      ...{ state: "partial", want: "nothing", exceptions: ["rail_mismatch"] },
    })
  })
})
