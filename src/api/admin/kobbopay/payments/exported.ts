import { csvLine } from "../../../../kobbopay/csv"
import { splitOf, type Split } from "../../../../kobbopay/split"
import { owedMinor, type PaymentRow } from "../../../../store/payment"
import type { KeptPayment } from "../../../../store/payment-export"
import type { ExportedPayment } from "../../../../types/payment-export"

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

/** The name under which the plugin itself closes exceptions. */
const PLUGIN = "kobbopay"

/** The most that a capture stands for: of too much what was owed, or what a person accepted. */
function settlesMinor(payment: PaymentRow): bigint | null {
  if (payment.amount_fit !== "over") return null
  const owed = owedMinor(payment)
  if (payment.accepted === null) return owed
  const accepted = payment.accepted_minor
  return accepted !== null && accepted < owed ? owed : accepted
}

function splitOfKept({ payment, exceptions }: KeptPayment): Split {
  return splitOf({
    receivedMinor: payment.received_minor,
    settlesMinor: settlesMinor(payment),
    paidBackMinor: payment.paid_back_minor,
    isCaptured: payment.captured_at !== null,
    hasOpenException: exceptions.some((found) => found.state === "open"),
    wasSetAside: exceptions.some((found) => found.state === "closed" && found.actor !== PLUGIN),
  })
}

/** A payment as it is exported: no token of its payer, no webhook body, no secret. */
export function exported(kept: KeptPayment): ExportedPayment {
  const { payment, transitions, exceptions, payBacks } = kept
  const split = splitOfKept(kept)
  return {
    payment_id: payment.id,
    kobbopay_id: payment.kobbopay_id,
    reference: payment.reference,
    order_id: payment.order_id,
    account: payment.account_id,
    rail: payment.rail_id,
    token: payment.token,
    asset: payment.asset,
    network: payment.network,
    decimals: payment.decimals,
    state: payment.state,
    expected_minor: payment.expected_minor.toString(),
    received_minor: payment.received_minor?.toString() ?? null,
    captured_minor: split.capturedMinor.toString(),
    in_open_exceptions_minor: split.inOpenExceptionsMinor.toString(),
    paid_back_minor: split.paidBackMinor.toString(),
    written_off_minor: split.writtenOffMinor.toString(),
    in_flight_minor: split.inFlightMinor.toString(),
    store_amount: payment.store_amount,
    accepted_amount: payment.accepted_amount,
    currency_code: payment.currency_code,
    transfers: payment.transfers.map(({ hash, amountMinor, final }) => ({
      ...{ hash, amount_minor: amountMinor.toString(), final },
    })),
    created_at: payment.created_at.toISOString(),
    money_seen_at: iso(payment.money_seen_at),
    paid_at: iso(payment.paid_at),
    confirmed_at: iso(payment.confirmed_at),
    captured_at: iso(payment.captured_at),
    ended_at: iso(payment.ended_at),
    accepted_at: iso(payment.accepted_at),
    exceptions: exceptions.map((found) => ({
      class: found.class,
      state: found.state,
      expected: found.expected,
      observed: found.observed,
      opened_at: found.opened_at.toISOString(),
      closed_at: iso(found.closed_at),
      actor: found.actor,
      resolution: found.resolution,
      note: found.note,
    })),
    pay_backs: payBacks.map((made) => ({
      amount_minor: made.amount_minor.toString(),
      hash: made.hash,
      store_amount: made.store_amount,
      actor: made.actor,
      note: made.note,
      at: made.recorded_at.toISOString(),
    })),
    transitions: transitions.map((change) => ({
      from: change.from_state,
      to: change.to_state,
      source: change.source,
      actor: change.actor,
      note: change.note,
      received_minor: change.received_minor?.toString() ?? null,
      at: change.at.toISOString(),
    })),
  }
}

export type Format = "csv" | "json"
export type Kind = "payments" | "transitions"

const PAYMENT_COLUMNS = [
  ...(["payment_id", "kobbopay_id", "reference", "order_id", "account"] as const),
  ...(["rail", "token", "asset", "network", "decimals", "state"] as const),
  ...(["expected_minor", "received_minor", "captured_minor"] as const),
  ...(["in_open_exceptions_minor", "paid_back_minor", "written_off_minor"] as const),
  ...(["in_flight_minor", "store_amount", "accepted_amount", "currency_code"] as const),
  ...(["created_at", "money_seen_at", "paid_at", "confirmed_at", "captured_at"] as const),
  ...(["ended_at", "accepted_at", "transfers", "exceptions", "pay_backs"] as const),
] satisfies (keyof ExportedPayment)[]

const TRANSITION_COLUMNS = [
  ...(["payment_id", "order_id", "account", "decimals", "from", "to"] as const),
  ...(["source", "actor", "note", "received_minor", "at"] as const),
]

/** Lists become JSON in one cell; everything else is text. */
const text = (value: ExportedPayment[(typeof PAYMENT_COLUMNS)[number]]): string | null =>
  value === null || typeof value === "string" ? value : JSON.stringify(value)

/** The text of an export, piece by piece, as the payments come. */
export async function* textOf(
  payments: AsyncIterable<KeptPayment>,
  format: Format,
  kind: Kind,
): AsyncGenerator<string> {
  if (format === "json") {
    yield* jsonOf(payments, kind)
    return
  }
  yield csvLine(kind === "payments" ? PAYMENT_COLUMNS : TRANSITION_COLUMNS)
  for await (const kept of payments) {
    const payment = exported(kept)
    if (kind === "payments") yield csvLine(PAYMENT_COLUMNS.map((column) => text(payment[column])))
    else yield transitionsOf(payment).map(csvOfTransition).join("")
  }
}

async function* jsonOf(payments: AsyncIterable<KeptPayment>, kind: Kind): AsyncGenerator<string> {
  yield `{"${kind}":[`
  let between = "\n"
  for await (const kept of payments) {
    const payment = exported(kept)
    for (const one of kind === "payments" ? [payment] : transitionsOf(payment)) {
      yield between + JSON.stringify(one)
      between = ",\n"
    }
  }
  yield "\n]}\n"
}

const transitionsOf = ({ payment_id, order_id, account, decimals, transitions }: ExportedPayment) =>
  transitions.map((change) => ({
    ...{ payment_id, order_id, account, decimals: String(decimals) },
    ...change,
  }))

const csvOfTransition = (change: ReturnType<typeof transitionsOf>[number]): string =>
  csvLine(TRANSITION_COLUMNS.map((column) => change[column]))
