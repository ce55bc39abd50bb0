import { INVOICE } from "../support/store-accounts"
import type { World } from "../support/store-suite"
import type { MortalWorker } from "./mortal"
import { makeMove, type Bought } from "./orders"

/** Chances to come to rest before a calm is called a loop. */
const MOST_ROUNDS = 25

/** Each thing at once, observed once and in order. */
export async function inFairWeather(world: World, twins: readonly Bought[]): Promise<void> {
  const most = Math.max(0, ...twins.map(({ scenario }) => scenario.chapters.flat().length))
  for (let at = 0; at < most; at++) {
    for (const twin of twins) {
      const move = twin.scenario.chapters.flat()[at]
      if (move !== undefined) await makeMove(world, twin, move)
    }
    await calm(world, twins, [])
  }
  await calm(world, twins, [])
}

/** Makes everything of these collections due: ids, with commas between. */
const ALL_DUE = [
  `UPDATE kobbopay_payment SET next_check_at = now() - interval '1 second'
    WHERE collection_id = ANY(string_to_array(?, ','))`,
  `UPDATE kobbopay_event SET next_attempt_at = now() - interval '1 second' WHERE state = 'received'
     AND (collection_id = ANY(string_to_array(?, ',')) OR collection_id IS NULL)`,
  `UPDATE kobbopay_collection SET due_at = now() - interval '1 second'
    WHERE id = ANY(string_to_array(?, ','))`,
  `UPDATE kobbopay_entitled_order SET due_at = now() - interval '1 second' WHERE id IN
     (SELECT order_id FROM kobbopay_payment WHERE collection_id = ANY(string_to_array(?, ',')))`,
]

/** Lets reads catch up and what is on its way arrive, and works until the orders are at rest. */
export async function calm(
  world: World,
  orders: readonly Bought[],
  workers: readonly MortalWorker[],
): Promise<void> {
  const { control } = world.sandbox
  control.clearWeather()
  await control.quiet()
  for (const one of orders) repeatOnlyWord(world, one)
  await control.quiet()
  const ids = orders.map(({ collectionId }) => collectionId).join(",")
  for (let round = 0; round < MOST_ROUNDS; round++) {
    // What a process that died in the middle left behind is taken over once it is old.
    await world.rows(
      `UPDATE kobbopay_collection SET cancelling_at = cancelling_at - interval '3 minutes'
        WHERE id = ANY(string_to_array(?, ',')) AND cancelling_at IS NOT NULL AND lease_owner IS NULL`,
      [ids],
    )
    for (const statement of ALL_DUE) await world.rows(statement, [ids])
    await Promise.all([world.worker.drain(), ...workers.map((worker) => worker.drain())])
    if ((await unrest(world, ids)).length === 0) return
  }
  throw new Error(`the orders do not come to rest: ${JSON.stringify(await unrest(world, ids))}`)
}

/** Where reads cannot say that a payment expired, only its event can, and Kobbopay repeats that. */
function repeatOnlyWord({ sandbox }: World, one: Bought): void {
  if (one.provider !== INVOICE) return
  for (const id of one.payments) {
    const tries = sandbox.control.deliveries(id).filter((each) => each.event === "payment.expired")
    const [last] = tries.slice(-1)
    const arrived = tries.some((each) => each.status !== null && each.status < 300)
    if (last !== undefined && !arrived) sandbox.control.redeliver(last.id)
  }
}

const unrest = (world: World, ids: string) =>
  world.rows(
    `SELECT kc.id, kc.failures, kc.last_error, kc.lease_owner, kc.cancelling_at, p.state, p.target,
            p.last_error AS read_error
       FROM kobbopay_collection kc JOIN kobbopay_payment p ON p.collection_id = kc.id
      WHERE kc.id = ANY(string_to_array(?, ',')) AND (
            kc.cancelling_at IS NOT NULL OR kc.lease_owner IS NOT NULL OR kc.failures > 0 OR p.failures > 0
         OR p.target IN ('authorized', 'captured') AND p.converged_at IS NULL
         OR EXISTS (SELECT 1 FROM kobbopay_event e
              WHERE e.state = 'received' AND e.account_id = p.account_id
                AND p.kobbopay_id = ANY(e.kobbopay_ids)))`,
    [ids],
  )
