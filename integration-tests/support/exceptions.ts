import { z } from "@medusajs/framework/zod"
import { acceptExceptionWorkflow, recordRefundWorkflow } from "../../src/workflows"
import type { World } from "./store-suite"

/** The person who decides in these tests. */
export const ACTOR = "user_anna"

const exceptionSchema = z.object({
  id: z.string(),
  class: z.string(),
  state: z.string(),
  actor: z.string().nullable(),
  resolution: z.string().nullable(),
  note: z.string().nullable(),
  opened_at: z.date(),
})
const compared = z.object({
  class: z.string(),
  order_id: z.string().nullable(),
  rail_id: z.string(),
  expected: z.looseObject({ amount: z.string(), asset: z.string(), reference: z.string() }),
  observed: z.looseObject({ amount: z.string().nullable(), asset: z.string().nullable() }),
})

/** The open exceptions of a collection that compare what was expected with what came. */
export async function openExceptions(world: World, collection: string) {
  const found = await world.rows(
    `SELECT * FROM kobbopay_exception WHERE state = 'open' AND payment_id IN
       (SELECT id FROM kobbopay_payment WHERE collection_id = ?)`,
    [collection],
  )
  return z.array(compared).parse(found)
}

/** Finds the exceptions of a booted store, and does about them what a person does. */
export function exceptionsIn(world: () => World) {
  const exceptions = async (collection: string) =>
    z.array(exceptionSchema).parse(
      await world().rows(
        `SELECT e.* FROM kobbopay_exception e JOIN kobbopay_payment p ON p.id = e.payment_id
          WHERE p.collection_id = ? ORDER BY e.opened_at, e.id`,
        [collection],
      ),
    )
  return {
    exceptions,
    /** Works until the collection has an open exception of the class, and returns its id. */
    exceptionOf: async (collection: string, expected: string) => {
      const find = async () =>
        (await exceptions(collection)).find((one) => one.state === "open" && one.class === expected)
      return (await world().worked(find, `an exception ${expected}`)).id
    },
    /** The ledger's id of the payment that Kobbopay knows by this one. */
    paymentOf: async (kobbopayId: string) => {
      const [row] = await world().rows(`SELECT id FROM kobbopay_payment WHERE kobbopay_id = ?`, [
        kobbopayId,
      ])
      return z.object({ id: z.string() }).parse(row).id
    },
    accept: (id: string, actor = ACTOR) =>
      acceptExceptionWorkflow(world().container).run({
        input: { exception_id: id, actor, note: "agreed with the customer" },
      }),
    refund: (payment: string, amount: string, hash: string) =>
      recordRefundWorkflow(world().container).run({
        input: { payment_id: payment, amount, hash, actor: ACTOR },
      }),
  }
}
