import type { OrderPayment } from "../../types/order-payments"
import { useWords } from "../lib/words"
import { Code, Fact, Value } from "./fact"

/** What was asked for and what came: the facts a merchant compares. */
export function PaymentFacts({ payment }: { payment: OrderPayment }) {
  const { t, money } = useWords()
  const { asset, amount, amount_received: received, transfers, state } = payment
  // Kobbopay may call a payment paid without saying what arrived.
  const nothing = state === "paid" || state === "confirmed" ? "compare.unreported" : "none"
  return (
    <>
      <Fact name={t("field.expected")}>
        <Value>
          {amount} {asset}
          <span className="text-ui-fg-muted block">
            {t("for", { amount: money(payment.store_amount, payment.currency_code) })}
          </span>
        </Value>
      </Fact>
      <Fact name={t("field.received")}>
        <Value>{received === null ? t(nothing) : `${received} ${asset}`}</Value>
      </Fact>
      <Fact name={t("field.rail")}>
        <Value>{payment.rail_label}</Value>
      </Fact>
      {payment.address !== null && (
        <Fact name={t("field.address")}>
          <Code name={t("field.address")} value={payment.address} />
        </Fact>
      )}
      {payment.memo !== null && (
        <Fact name={t("field.memo")}>
          <Code name={t("field.memo")} value={payment.memo} />
        </Fact>
      )}
      {transfers.length > 0 && (
        <Fact name={t("field.transfer")}>
          <div className="flex flex-col gap-y-2">
            {transfers.map((transfer) => (
              <Code
                key={transfer.hash}
                name={t("field.transfer")}
                value={transfer.hash}
                cut
                {...(transfers.length > 1 && { note: `${transfer.amount} ${asset}` })}
              />
            ))}
          </div>
        </Fact>
      )}
      <Refunded payment={payment} />
    </>
  )
}

/** What was sent back, by which transactions. */
function Refunded({ payment }: { payment: OrderPayment }) {
  const { t, money } = useWords()
  const { asset, currency_code: currency, refunds } = payment
  if (refunds.length === 0) return null
  const noteOf = (amount: string, booked: string | null) =>
    [
      ...(refunds.length > 1 ? [`${amount} ${asset}`] : []),
      ...(booked === null ? [] : [t("booked", { amount: money(booked, currency) })]),
    ].join(" · ")
  return (
    <Fact name={t("field.refunded")}>
      <div className="flex flex-col gap-y-2">
        <Value>
          {payment.refunded} {asset}
        </Value>
        {refunds.map(({ id, hash, amount, booked_amount }) => (
          <Code
            key={id}
            name={t("field.transfer")}
            value={hash}
            cut
            note={noteOf(amount, booked_amount)}
          />
        ))}
      </div>
    </Fact>
  )
}

/** What is needed to talk with Kobbopay about a payment. */
export function PaymentIds({ payment }: { payment: OrderPayment }) {
  const { t, time } = useWords()
  return (
    <>
      {payment.kobbopay_id !== null && (
        <Fact name={t("field.kobbopay_id")}>
          <Code name={t("field.kobbopay_id")} value={payment.kobbopay_id} />
        </Fact>
      )}
      <Fact name={t("field.reference")}>
        <Code name={t("field.reference")} value={payment.reference} />
      </Fact>
      <Fact name={t("field.account")}>
        <Value>{payment.account}</Value>
      </Fact>
      {payment.last_read_at !== null && (
        <Fact name={t("field.last_read")}>
          <Value>{time(payment.last_read_at)}</Value>
        </Fact>
      )}
      {payment.next_check_at !== null && (
        <Fact name={t("field.next_check")}>
          <Value>{time(payment.next_check_at)}</Value>
        </Fact>
      )}
    </>
  )
}
