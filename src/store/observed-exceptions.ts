import { CONDITIONS, type ExceptionClass } from "../domain/exception-classes"
import { formatAmount } from "../domain/money"
import { closeCleared, exceptionAbout, openException } from "./exceptions"
import type { Check } from "./observed-payment"
import type { PaymentRow } from "./payment"
import type { Sql } from "./sql"
import type { Taken } from "./transfers"

/** What an exception is about: over the same, one that a person closed does not open again. */
function fingerprintOf(found: ExceptionClass, payment: PaymentRow, check: Check): string {
  const money = payment.received_minor?.toString() ?? check.reading.state
  // Set aside before it was final, it is to be decided once more.
  if (found === "late_payment" && payment.confirmed_at !== null) return `${money} final`
  if (found === "refund_owed")
    return `${money} ${check.facts.order} ${check.facts.asks ?? "nothing"}`
  if (found === "order_changed") return `${money} for ${check.facts.asks ?? "nothing"}`
  if (found !== "ambiguous_finality") return money
  const unmetIds = check.reports.filter((report) => !report.patient).map((report) => report.id)
  return [money, check.reading.state, ...new Set(unmetIds)].join(" ")
}

const takenBy = (taken: Taken | null) => ({
  hash: taken?.key ?? null,
  other_payment: taken?.paymentId ?? null,
  other_order: taken?.orderId ?? null,
})

const MONEY_CONDITIONS: readonly ExceptionClass[] = ["underpaid", "amount_unknown"]

/**
 * Opens the exceptions that a read of a payment was judged to be, and closes those whose condition is over.
 * Returns which are new.
 */
export async function keepExceptions(
  trx: Sql,
  payment: PaymentRow,
  check: Check,
  {
    exceptions,
    openBefore,
    taken,
  }: {
    exceptions: readonly ExceptionClass[]
    openBefore: readonly string[]
    /** The payment for which one of its transfers counts already. */
    taken: Taken | null
  },
): Promise<ExceptionClass[]> {
  const opened: ExceptionClass[] = []
  for (const found of exceptions) {
    const isNew = await openException(
      trx,
      exceptionAbout(payment, {
        class: found,
        expected: {
          amount: formatAmount(payment.expected_minor, payment.decimals),
          asset: payment.asset,
          network: payment.network,
          reference: payment.reference,
          store_amount: payment.store_amount,
          currency_code: payment.currency_code,
        },
        observed: {
          reported_state: check.reading.state,
          state: payment.state,
          amount:
            payment.received_minor === null
              ? null
              : formatAmount(payment.received_minor, payment.decimals),
          asset: check.reading.asset ?? check.reading.token,
          network: check.reading.network,
          reference: check.reading.reference,
          order: check.facts.order,
          ...(found === "order_changed" ? { store_amount: check.facts.asks } : {}),
          ...(found === "duplicate_transfer" ? takenBy(taken) : {}),
        },
        fingerprint: fingerprintOf(found, payment, check),
      }),
      check.now,
    )
    if (isNew) opened.push(found)
  }
  // The provider knows less of the order than the worker does: it clears only what the money itself tells.
  const judged = check.lease === null ? MONEY_CONDITIONS : CONDITIONS
  const over = judged.filter(
    (condition) => openBefore.includes(condition) && !exceptions.includes(condition),
  )
  if (over.length > 0) await closeCleared(trx, payment.id, over, check.now)
  return opened
}
