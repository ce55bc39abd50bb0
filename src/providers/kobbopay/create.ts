import { KobbopayError } from "../../kobbopay/errors"
import type { KobbopayId, SessionId } from "../../domain/ids"
import { nextCheck } from "../../domain/schedule"
import type { Account } from "../../kobbopay/options"
import type { CreatedPayment } from "../../kobbopay/profiles"
import type { Rail } from "../../kobbopay/rails"
import { AnotherPaymentsId, recordCreated } from "../../store/created"
import {
  claimCreation,
  releaseCreation,
  type CurrentPayment,
  type RightToCreate,
} from "../../store/creation"
import { errorText } from "../../store/error-text"
import { exceptionAbout, openException } from "../../store/exceptions"
import { wakeWaiting } from "../../store/inbox/routing"
import { paymentById } from "../../store/ledger"
import type { PaymentRow } from "../../store/payment"
import { railOf } from "../../store/rail"
import type { Checkout } from "./checkout-deps"
import { unavailable } from "./refusals"

/** A checkout waits for its answer: fewer tries than the worker takes. */
const CREATE_ATTEMPTS = 2
const CREATE_LEASE_MS = 60_000
/** After a create that failed: whoever renders a checkout again and again makes no more requests than this. */
const CREATE_PAUSE_MS = 1_000
const WAIT_FOR_OTHER_MS = 20_000
const WAIT_STEP_MS = 50

/** Until when a right to create that begins now lasts. */
export const creationEnds = (now: Date): Date => new Date(now.getTime() + CREATE_LEASE_MS)

/**
 * Takes the right to create the payment at Kobbopay, for one request at a time. The others wait for what that
 * request brings, and are given it.
 */
export async function claimOrWait(
  checkout: Checkout,
  payment: PaymentRow,
): Promise<CurrentPayment> {
  const deadline = checkout.now().getTime() + WAIT_FOR_OTHER_MS
  for (;;) {
    const now = checkout.now()
    const until = creationEnds(now)
    if (await claimCreation(checkout.sql, payment.id, now, until)) {
      return { mayCreate: true, payment, until }
    }
    const seen = await paymentById(checkout.sql, payment.id)
    if (seen !== null && seen.state !== "creating") return { mayCreate: false, payment: seen }
    if (now.getTime() > deadline) throw unavailable()
    await checkout.sleep(WAIT_STEP_MS)
  }
}

/**
 * Creates at Kobbopay a payment whose creation is claimed, and makes the session show it. When that fails, the
 * right to create is given back: a later try goes on under the same reference.
 *
 * @throws MedusaError, or KobbopayError when Kobbopay gave no answer that can be used
 */
export async function createPayment(
  checkout: Checkout,
  { payment, until }: RightToCreate,
  session: SessionId,
): Promise<PaymentRow> {
  const { sql } = checkout
  let shown
  try {
    const made = await askKobbopay(checkout, payment)
    shown = await adopt(checkout, payment, made, session)
  } catch (cause) {
    const pausedUntil = new Date(checkout.now().getTime() + CREATE_PAUSE_MS)
    await releaseCreation(sql, payment.id, until, pausedUntil)
    if (!(cause instanceof AnotherPaymentsId)) throw cause
    await reportAnothersId(checkout, payment, cause)
    throw unavailable()
  }
  if (shown === null || shown.address === null) throw unavailable()
  return shown
}

/** The row's own rail: the options may have changed since it was made. */
const ownRail = ({ options }: Account, payment: RightToCreate["payment"]): Rail => ({
  ...railOf(payment),
  memo: options.rails.some(
    (rail) => rail.id === payment.rail_id && rail.token === payment.token && rail.memo,
  ),
})

/** @throws KobbopayError, also for an answer about another amount than was asked for */
async function askKobbopay(
  { client, account }: Checkout,
  payment: RightToCreate["payment"],
): Promise<CreatedPayment> {
  const made = await client.create(
    {
      reference: payment.reference,
      rail: ownRail(account, payment),
      amountMinor: payment.expected_minor,
    },
    { attempts: CREATE_ATTEMPTS },
  )
  if (made.amountMinor === null || made.amountMinor === payment.expected_minor) return made
  throw new KobbopayError(
    "invalid_answer",
    `payment ${payment.id}: Kobbopay was asked for ${payment.expected_minor} minor units and answers with ${made.amountMinor}`,
    { field: "amount" },
  )
}

/** Writes what Kobbopay answered on the payment, and makes the session show it. */
async function adopt(
  checkout: Checkout,
  payment: RightToCreate["payment"],
  made: CreatedPayment,
  session: SessionId,
) {
  const { sql, account } = checkout
  const now = checkout.now()
  const { window_ends_at: ours } = payment
  const shown = await recordCreated(sql, payment, {
    made: {
      accountId: account.id,
      kobbopayId: made.kobbopayId,
      address: made.address,
      memo: made.memo,
      windowEndsAt: made.expiresAt !== null && made.expiresAt < ours ? made.expiresAt : ours,
      nextCheckAt: nextCheck(now, now, account.options.expiry.watchForMs, false) ?? now,
    },
    session,
    now,
  })
  wake(checkout, made.kobbopayId, now)
  return shown
}

/** The shopper does not wait for this: an event that is not woken comes again by itself. */
function wake({ sql, account, log }: Checkout, kobbopayId: KobbopayId, now: Date): void {
  wakeWaiting(sql, account.id, kobbopayId, now).catch((cause: unknown) => {
    log.warn(
      `kobbopay: events that wait for ${kobbopayId} were not woken and come by themselves: ${errorText(cause)}`,
    )
  })
}

/** Kobbopay answered with the id of another payment, whose address must not be shown for this one. */
async function reportAnothersId(
  { sql, log, now }: Checkout,
  payment: RightToCreate["payment"],
  { kobbopayId, paymentId }: AnotherPaymentsId,
): Promise<void> {
  await openException(
    sql,
    exceptionAbout(payment, {
      class: "reference_mismatch",
      expected: { reference: payment.reference },
      observed: { kobbopay_id: kobbopayId, other_payment: paymentId },
      fingerprint: kobbopayId,
    }),
    now(),
  )
  log.error(
    `kobbopay: payment ${payment.id}: Kobbopay answered a create with ${kobbopayId}, which is payment ${paymentId} of another checkout already; nothing is shown. Tell Kobbopay`,
  )
}
