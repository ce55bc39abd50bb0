import { csvLine, type Cell } from "../../../../kobbopay/csv"
import { formatAmount } from "../../../../domain/money"
import { splitOf, type Split } from "../../../../domain/split"
import { owedMinor, type PaymentRow } from "../../../../store/payment"
import type { KeptPayment } from "../../../../store/payment-export"
import type { ExportedPayment } from "../../../../types/payment-export"
import type { Sheet } from "./validators"

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
    refundedMinor: payment.refunded_minor,
    isCaptured: payment.captured_at !== null,
    hasOpenException: exceptions.some((found) => found.state === "open"),
    wasSetAside: exceptions.some((found) => found.state === "closed" && found.actor !== PLUGIN),
  })
}

/** A payment as it is exported: no token of its payer, no webhook body, no secret. */
function exportPayment(kept: KeptPayment): ExportedPayment {
  const { payment, transitions, exceptions, refunds } = kept
  const split = splitOfKept(kept)
  const units = (minor: bigint) => formatAmount(minor, payment.decimals)
  const unitsOrNull = (minor: bigint | null) => (minor === null ? null : units(minor))
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
    refunded_minor: split.refundedMinor.toString(),
    written_off_minor: split.writtenOffMinor.toString(),
    in_flight_minor: split.inFlightMinor.toString(),
    expected: units(payment.expected_minor),
    received: unitsOrNull(payment.received_minor),
    captured: units(split.capturedMinor),
    in_open_exceptions: units(split.inOpenExceptionsMinor),
    refunded: units(split.refundedMinor),
    written_off: units(split.writtenOffMinor),
    in_flight: units(split.inFlightMinor),
    store_amount: payment.store_amount,
    accepted_amount: payment.accepted_amount,
    currency_code: payment.currency_code,
    transfers: payment.transfers.map(({ hash, amountMinor, final }) => ({
      hash,
      amount_minor: amountMinor.toString(),
      final,
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
    refunds: refunds.map((made) => ({
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
      received: unitsOrNull(change.received_minor),
      at: change.at.toISOString(),
    })),
  }
}

export type Format = "csv" | "json"
export type Kind = "payments" | "transitions"

/** Amounts in units, which a spreadsheet reads by the habit of its country. */
const DECIMALS = [
  ...(["expected", "received", "captured", "in_open_exceptions", "refunded"] as const),
  ...(["written_off", "in_flight", "store_amount", "accepted_amount"] as const),
] satisfies (keyof ExportedPayment)[]

const PAYMENT_COLUMNS = [
  ...(["payment_id", "kobbopay_id", "reference", "order_id", "account"] as const),
  ...(["rail", "token", "asset", "network", "decimals", "state"] as const),
  ...(["expected_minor", "received_minor", "captured_minor"] as const),
  ...(["in_open_exceptions_minor", "refunded_minor", "written_off_minor"] as const),
  ...(["in_flight_minor", ...DECIMALS, "currency_code"] as const),
  ...(["created_at", "money_seen_at", "paid_at", "confirmed_at", "captured_at"] as const),
  ...(["ended_at", "accepted_at", "transfers", "exceptions", "refunds"] as const),
] satisfies (keyof ExportedPayment)[]

const TRANSITION_COLUMNS = [
  ...(["payment_id", "order_id", "account", "decimals", "from", "to"] as const),
  ...(["source", "actor", "note", "received_minor", "received", "at"] as const),
]

/** Names that somebody else gave: such a text stays one, even if it looks like a number. */
const NAMES: ReadonlySet<string> = new Set([
  "payment_id",
  "kobbopay_id",
  "reference",
  "order_id",
  "account",
  "rail",
  "token",
  "asset",
  "network",
  "actor",
  "note",
])
const IN_UNITS: ReadonlySet<string> = new Set(DECIMALS)

/** One cell. Lists become JSON in it. */
function cellOf(column: string, value: unknown, sheet: Sheet): Cell {
  if (value === null) return null
  const text = typeof value === "string" ? value : JSON.stringify(value)
  if (IN_UNITS.has(column)) return sheet.decimal === "comma" ? text.replace(".", ",") : text
  return NAMES.has(column) ? { text } : text
}

const BYTE_ORDER_MARK = "\ufeff"

/** The text of an export, piece by piece, as the payments come. */
export async function* exportText(
  payments: AsyncIterable<KeptPayment>,
  { format, kind, sheet }: { format: Format; kind: Kind; sheet: Sheet },
): AsyncGenerator<string> {
  if (format === "json") {
    yield* jsonOf(payments, kind)
    return
  }
  const line = (cells: readonly Cell[]) => csvLine(cells, sheet.separator)
  const header = line(kind === "payments" ? PAYMENT_COLUMNS : TRANSITION_COLUMNS)
  yield sheet.bom === "true" ? BYTE_ORDER_MARK + header : header
  for await (const kept of payments) {
    const payment = exportPayment(kept)
    if (kind === "payments") {
      yield line(PAYMENT_COLUMNS.map((column) => cellOf(column, payment[column], sheet)))
    } else {
      const changes = transitionsOf(payment)
      yield changes
        .map((change) =>
          line(TRANSITION_COLUMNS.map((column) => cellOf(column, change[column], sheet))),
        )
        .join("")
    }
  }
}

async function* jsonOf(payments: AsyncIterable<KeptPayment>, kind: Kind): AsyncGenerator<string> {
  yield `{"${kind}":[`
  let between = "\n"
  for await (const kept of payments) {
    const payment = exportPayment(kept)
    for (const one of kind === "payments" ? [payment] : transitionsOf(payment)) {
      yield between + JSON.stringify(one)
      between = ",\n"
    }
  }
  yield "\n]}\n"
}

const transitionsOf = ({ payment_id, order_id, account, decimals, transitions }: ExportedPayment) =>
  transitions.map((change) => ({
    payment_id,
    order_id,
    account,
    decimals: String(decimals),
    ...change,
  }))
