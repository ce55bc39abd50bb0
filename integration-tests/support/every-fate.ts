import { z } from "@medusajs/framework/zod"
import { cancelOrderWorkflow } from "@medusajs/medusa/core-flows"
import { parseAmount } from "../../src/domain/money"
import { acceptExceptionWorkflow, dismissExceptionWorkflow } from "../../src/workflows"
import { AUTHORIZED, booksBecome, capturedFor } from "./books"
import { ACTOR, exceptionsIn } from "./exceptions"
import { DOCS, INVOICE } from "./store-accounts"
import type { World } from "./store-suite"

const minor = z.string().regex(/^\d+$/)

/** A payment of the export. */
export const exported = z.looseObject({
  payment_id: z.string(),
  kobbopay_id: z.string(),
  decimals: z.number(),
  received_minor: minor.nullable(),
  captured_minor: minor,
  in_open_exceptions_minor: minor,
  refunded_minor: minor,
  written_off_minor: minor,
  in_flight_minor: minor,
})
export type Exported = z.infer<typeof exported>

const row = z.object({ id: z.string() })

/** Works until the payment has an open exception (of that class), and returns its id. */
export const openException = (world: World, kobbopayId: string, expected = "%") =>
  world.worked(async () => {
    const [found] = await world.rows(
      `SELECT e.id FROM kobbopay_exception e JOIN kobbopay_payment p ON p.id = e.subject_id
        WHERE e.state = 'open' AND e.class LIKE ? AND p.kobbopay_id = ?`,
      [expected, kobbopayId],
    )
    return found === undefined ? null : row.parse(found).id
  }, `an exception ${expected}`)

const becomes = (world: World, kobbopayId: string, expected: string) =>
  world.worked(async () => {
    const [found] = await world.rows(
      `SELECT id FROM kobbopay_payment WHERE kobbopay_id = ? AND state = ?`,
      [kobbopayId, expected],
    )
    return found
  }, `a payment being ${expected}`)

async function refund(world: World, kobbopayId: string, amount: string): Promise<void> {
  const desk = exceptionsIn(() => world)
  await desk.refund(await desk.paymentOf(kobbopayId), amount, `hash-${kobbopayId}`)
}

/** Sells a payment of every fate; by kobbopay id, the parts that what arrived on it must be split into. */
export async function everyFate(world: World): Promise<Map<string, Partial<Exported>>> {
  const sandbox = world.sandbox.control
  const fates = new Map<string, Partial<Exported>>()
  const on = async (rail = "usdt-tron", provider = INVOICE) => {
    const made = await world.shopper.buy({ product: world.store.digital, rail, provider })
    return { ...made, id: made.session.kobbopay_id }
  }
  const whole = (amount: string, decimals = 6) => parseAmount(amount, decimals).toString()

  const exact = await on()
  sandbox.pay(exact.id, { amount: "10.5", confirm: true })
  fates.set(exact.id, { captured_minor: whole("10.5") })

  const eighteen = await on("usdt-bsc", DOCS)
  sandbox.pay(eighteen.id, { amount: "10.5", confirm: true })
  fates.set(eighteen.id, { captured_minor: whole("10.5", 18) })

  const under = await on()
  sandbox.underpay(under.id, { due: "10.5", confirm: true })
  fates.set(under.id, { in_open_exceptions_minor: whole("5.25") })

  const topped = await on("usdt-tron", DOCS)
  sandbox.underpay(topped.id, { confirm: true })
  await openException(world, topped.id, "underpaid")
  sandbox.secondTransfer(topped.id, { amount: "5.25", confirm: true })
  fates.set(topped.id, { captured_minor: whole("10.5") })

  const over = await on()
  sandbox.overpay(over.id, { due: "10.5", confirm: true })
  fates.set(over.id, { captured_minor: whole("10.5"), in_open_exceptions_minor: whole("5.25") })

  const surplus = await on()
  sandbox.overpay(surplus.id, { due: "10.5", confirm: true })
  await openException(world, surplus.id, "overpaid")
  await booksBecome(world, surplus.collectionId, {
    ...capturedFor("10.5"),
    open: ["overpaid"],
  })
  await refund(world, surplus.id, "5.25")
  fates.set(surplus.id, { captured_minor: whole("10.5"), refunded_minor: whole("5.25") })

  const late = await on("usdt-tron", DOCS)
  const returned = await on()
  for (const { id } of [late, returned]) {
    sandbox.expire(id)
    await becomes(world, id, "expired")
    sandbox.pay(id, { amount: "10.5", due: "10.5", confirm: true })
    await openException(world, id)
  }
  await refund(world, returned.id, "10.5")
  fates.set(late.id, { in_open_exceptions_minor: whole("10.5") })
  fates.set(returned.id, { refunded_minor: whole("10.5") })

  const cancelled = await on()
  await cancelOrderWorkflow(world.container).run({ input: { order_id: cancelled.order.id } })
  sandbox.pay(cancelled.id, { amount: "10.5", confirm: true })
  fates.set(cancelled.id, { in_open_exceptions_minor: whole("10.5") })

  const writtenOff = await on()
  sandbox.pay(writtenOff.id, { amount: "3", due: "10.5", confirm: true })
  await dismissExceptionWorkflow(world.container).run({
    input: {
      exception_id: await openException(world, writtenOff.id, "underpaid"),
      code: "written_off",
      actor: ACTOR,
      note: '=HYPERLINK("http://example.com","see")',
    },
  })
  fates.set(writtenOff.id, { written_off_minor: whole("3") })

  const accepted = await on()
  sandbox.pay(accepted.id, { amount: "10", due: "10.5", confirm: true })
  await acceptExceptionWorkflow(world.container).run({
    input: {
      exception_id: await openException(world, accepted.id, "underpaid"),
      actor: ACTOR,
      note: '=cmd|"/c calc"!A1, said "yes"\nand meant it',
    },
  })
  fates.set(accepted.id, { captured_minor: whole("10") })

  const seen = await on()
  sandbox.pay(seen.id, { amount: "10.5" })
  await booksBecome(world, seen.collectionId, AUTHORIZED)
  fates.set(seen.id, { in_flight_minor: whole("10.5") })

  const expired = await on()
  sandbox.expire(expired.id)
  await becomes(world, expired.id, "expired")
  fates.set(expired.id, {})

  fates.set((await on("usdt-bsc")).id, {})
  await Promise.all([sandbox.quiet(), world.second.control.quiet()])
  await world.worker.drain()
  return fates
}
