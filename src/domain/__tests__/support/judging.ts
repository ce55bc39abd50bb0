import { brandAs, type KobbopayId, type Reference } from "../../ids"
import { judge, type Known, type OrderFacts } from "../../judge"
import type { Reading, ReportedState } from "../../reading"
import { rulesOf } from "../../../kobbopay/account-rules"
import { accountFrom, invoiceInput } from "../../../kobbopay/__tests__/support/accounts"

/** The time at which everything is judged. */
export const NOW = new Date("2026-01-02T12:00:00Z")
/** The rules of an ordinary account. */
export const rules = rulesOf(accountFrom(invoiceInput))
/** What an order asks to be paid in. */
export const asked = { asset: "USDT", network: "tron", token: "USDTTRC" }

/** What the ledger knows of a payment of 100 units that nobody paid yet. */
export const known = (change: Partial<Known> = {}): Known => ({
  ...asked,
  reference: brandAs<Reference>("kp_1"),
  expectedMinor: 100n,
  decimals: 6,
  state: "pending",
  receivedMinor: null,
  refundedMinor: 0n,
  transfers: [],
  amountFit: null,
  target: "nothing",
  accepted: null,
  createdAt: NOW,
  moneySeenAt: null,
  confirmedAt: null,
  writtenOffMinor: 0n,
  windowEndsAt: new Date(NOW.getTime() + 1_800_000),
  ...change,
})
/** A read that says this state, with a transfer for each amount. */
export const reading = (state: ReportedState, ...minors: bigint[]): Reading => ({
  kobbopayId: brandAs<KobbopayId>("id_1"),
  state,
  asset: null,
  network: null,
  reference: null,
  token: "USDTTRC",
  expectedMinor: null,
  receivedMinor: null,
  astray: false,
  transfers: minors.map((amountMinor, index) => ({ hash: `tx_${index}`, amountMinor })),
})
/** An open order that nothing else pays for. */
export const order: OrderFacts = {
  order: "open",
  covered: false,
  superseded: false,
  captured: false,
  settled: false,
  orderChanged: false,
  overCaptured: false,
  asks: "100 usd",
  placedAt: NOW,
}
/** "state targets what + exceptions", as a read of a payment is judged. */
export const judged = (before: Partial<Known>, read: Reading, facts: Partial<OrderFacts> = {}) => {
  const { decision } = judge(known(before), {
    reading: read,
    reports: [],
    rules,
    now: NOW,
    order: { ...order, ...facts },
    isTransferTaken: false,
  })
  return [`${decision.state} targets ${decision.target}`, ...decision.exceptions].join(" + ")
}
/** What the ledger knows of money that was seen. */
export const holding = (receivedMinor: bigint, refundedMinor = 0n) => ({
  receivedMinor,
  refundedMinor,
  moneySeenAt: NOW,
})
