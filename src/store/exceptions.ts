import { z } from "@medusajs/framework/zod"
import type { ExceptionClass } from "../domain/exception-classes"
import type { AccountId, EventRowId, ExceptionId, OrderId, PaymentId, RailId } from "../domain/ids"
import { idColumn, type PaymentRow } from "./payment"
import { countRow, execute, newId, row, rows, type Sql } from "./sql"

type NewException = {
  class: ExceptionClass
  /** What it is about: a payment's row id, an event's where no payment is known, or an account's id. */
  subjectId: string
  paymentId: PaymentId | null
  eventRowId: string | null
  accountId: AccountId
  orderId: OrderId | null
  railId: RailId | null
  /** What was asked for, and what was seen; shown to the merchant as they are. */
  expected: Readonly<Record<string, string | null>>
  observed: Readonly<Record<string, string | null>>
  /** The fact it is about: a fault that a person closed does not open again over the same fact. */
  fingerprint: string
}

/** An exception about a payment of the ledger; about its order, unless `found` names another one. */
export const exceptionAbout = (
  payment: Pick<PaymentRow, "id" | "account_id" | "order_id" | "rail_id">,
  found: Pick<NewException, "class" | "expected" | "observed" | "fingerprint"> &
    Partial<Pick<NewException, "orderId">>,
): NewException => ({
  subjectId: payment.id,
  paymentId: payment.id,
  eventRowId: null,
  accountId: payment.account_id,
  orderId: payment.order_id,
  railId: payment.rail_id,
  ...found,
})

const insertedRow = z.object({ inserted: z.boolean() })

/**
 * Opens an exception, or refreshes the open one of the same subject and class. One that a person
 * closed over the same fact stays closed. Returns true when a new one was opened.
 */
export async function openException(sql: Sql, found: NewException, now: Date): Promise<boolean> {
  const opened = await rows(
    sql,
    insertedRow,
    `INSERT INTO kobbopay_exception
       (id, class, subject_id, payment_id, event_row_id, account_id, order_id, rail_id, expected,
        observed, fingerprint, opened_at, last_seen_at)
     SELECT :id, :class, :subject_id, :payment_id, :event_row_id, :account_id, :order_id, :rail_id,
            :expected::jsonb, :observed::jsonb, :fingerprint, :now, :now
      WHERE NOT EXISTS (SELECT 1 FROM kobbopay_exception
              WHERE subject_id = :subject_id AND class = :class AND fingerprint = :fingerprint
                AND state = 'closed' AND actor <> 'kobbopay')
     ON CONFLICT (subject_id, class) WHERE state = 'open' AND deleted_at IS NULL
       DO UPDATE SET observed = excluded.observed, fingerprint = excluded.fingerprint,
                     order_id = COALESCE(excluded.order_id, kobbopay_exception.order_id),
                     last_seen_at = excluded.last_seen_at, updated_at = now()
     RETURNING (xmax = 0) AS inserted`,
    {
      id: newId("kpex"),
      class: found.class,
      subject_id: found.subjectId,
      payment_id: found.paymentId,
      event_row_id: found.eventRowId,
      account_id: found.accountId,
      order_id: found.orderId,
      rail_id: found.railId,
      expected: JSON.stringify(found.expected),
      observed: JSON.stringify(found.observed),
      fingerprint: found.fingerprint,
      now,
    },
  )
  return opened[0]?.inserted ?? false
}

/** Closes the subject's open exceptions of classes whose condition is over, in the name of the plugin. */
export const closeCleared = (
  sql: Sql,
  subject: PaymentId | EventRowId | AccountId,
  over: readonly ExceptionClass[],
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_exception
        SET state = 'closed', closed_at = ?, actor = 'kobbopay', resolution = 'cleared',
            updated_at = now()
      WHERE subject_id = ? AND state = 'open' AND deleted_at IS NULL AND class = ANY(?::text[])`,
    [now, subject, [...over]],
  )

const exceptionRow = z.object({
  id: idColumn<ExceptionId>(),
  class: z.string(),
  state: z.enum(["open", "closed"]),
  payment_id: idColumn<PaymentId>().nullable(),
  account_id: idColumn<AccountId>(),
  order_id: idColumn<OrderId>().nullable(),
  expected: z.record(z.string(), z.string().nullable()),
  observed: z.record(z.string(), z.string().nullable()),
  opened_at: z.date(),
  closed_at: z.date().nullable(),
  actor: z.string().nullable(),
  resolution: z.string().nullable(),
  note: z.string().nullable(),
})
export type ExceptionRow = z.output<typeof exceptionRow>

export const exceptionById = (sql: Sql, id: ExceptionId): Promise<ExceptionRow | null> =>
  row(sql, exceptionRow, `SELECT * FROM kobbopay_exception WHERE id = ? AND deleted_at IS NULL`, [
    id,
  ])

/** Whether an exception of one of the classes is open about a payment. */
export const hasOpen = async (
  sql: Sql,
  payment: PaymentId,
  classes: readonly ExceptionClass[],
): Promise<boolean> =>
  ((
    await row(
      sql,
      countRow,
      `SELECT count(*)::int AS count FROM kobbopay_exception
        WHERE payment_id = ? AND state = 'open' AND deleted_at IS NULL AND class = ANY(?::text[])`,
      [payment, [...classes]],
    )
  )?.count ?? 0) > 0

/** How a person closes exceptions: who, with what code, in what words. */
export type Closing = { actor: string; resolution: string; note: string | null }

const CLOSED = `state = 'closed', closed_at = :now, actor = :actor, resolution = :resolution, note = :note,
  updated_at = now()`

/** Closes one open exception in a person's name. False when somebody was faster. */
export const closeException = async (
  sql: Sql,
  id: ExceptionId,
  by: Closing,
  now: Date,
): Promise<boolean> =>
  (await execute(
    sql,
    `UPDATE kobbopay_exception SET ${CLOSED}
      WHERE id = :id AND state = 'open' AND deleted_at IS NULL`,
    { ...by, now, id },
  )) === 1

/** Closes a payment's open exceptions of the classes in a person's name. */
export const closeByPerson = (
  sql: Sql,
  of: { paymentId: PaymentId; classes: readonly ExceptionClass[] },
  by: Closing,
  now: Date,
): Promise<number> =>
  execute(
    sql,
    `UPDATE kobbopay_exception SET ${CLOSED}
      WHERE payment_id = :payment_id AND state = 'open' AND deleted_at IS NULL
        AND class = ANY(:classes::text[])`,
    { ...by, now, payment_id: of.paymentId, classes: [...of.classes] },
  )

const exceptionDetail = exceptionRow.extend({
  subject_id: z.string(),
  event_row_id: z.string().nullable(),
  rail_id: idColumn<RailId>().nullable(),
  last_seen_at: z.date(),
})
export type ExceptionDetail = z.output<typeof exceptionDetail>

/** The exceptions of payments, open and closed, the newest first. */
export const exceptionsOf = (
  sql: Sql,
  payments: readonly PaymentId[],
): Promise<ExceptionDetail[]> =>
  rows(
    sql,
    exceptionDetail,
    `SELECT * FROM kobbopay_exception
      WHERE payment_id = ANY(?::text[]) AND deleted_at IS NULL ORDER BY opened_at DESC, id DESC`,
    [[...payments]],
  )

/** Narrows a list of exceptions; what is null does not. */
type ExceptionFilter = {
  state: "open" | "closed" | null
  class: string | null
  orderId: string | null
  paymentId: string | null
}

const IS_LISTED = `deleted_at IS NULL AND (:state::text IS NULL OR state = :state)
  AND (:class::text IS NULL OR class = :class) AND (:orderId::text IS NULL OR order_id = :orderId)
  AND (:paymentId::text IS NULL OR payment_id = :paymentId)`

/** One page of exceptions, the newest first, and how many there are in all. */
export async function listExceptions(
  sql: Sql,
  filter: ExceptionFilter,
  page: { limit: number; offset: number },
): Promise<{ exceptions: ExceptionDetail[]; count: number }> {
  const [exceptions, counted] = await Promise.all([
    rows(
      sql,
      exceptionDetail,
      `SELECT * FROM kobbopay_exception WHERE ${IS_LISTED}
        ORDER BY opened_at DESC, id DESC LIMIT :limit OFFSET :offset`,
      { ...filter, ...page },
    ),
    row(
      sql,
      countRow,
      `SELECT count(*)::int AS count FROM kobbopay_exception WHERE ${IS_LISTED}`,
      filter,
    ),
  ])
  return { exceptions, count: counted?.count ?? 0 }
}
