import { send, type Message } from "./webhook"
import type { World } from "./store-suite"

/** A payment as a webhook names it. */
export type Named = { kobbopay_id: string; reference?: string }

/** What the invoice profile says of a payment, under an id that names neither payment nor event. */
export const saying = (
  event: string,
  { kobbopay_id: id, reference }: Named,
  more: object = {},
) => ({
  event,
  paymentId: id,
  tracker_id: id,
  orderId: reference,
  ...more,
})

/** The inbox of a booted store: what is sent to it, and what it holds. */
export function inboxIn(world: () => World) {
  const inbox = (columns = "*", order = "received_at, id") =>
    world().rows(`SELECT ${columns} FROM kobbopay_event ORDER BY ${order}`)
  return {
    inbox,
    accepted: async (message: Message) => {
      expect(await send(world().url, message)).toMatchObject({ status: 200, body: "" })
    },
    /** Ages what waits in the inbox until none of it waits any longer. */
    patienceEnds: async () => {
      await world().rows(`UPDATE kobbopay_event SET received_at = now() - interval '11 minutes',
        next_attempt_at = now() WHERE state = 'received'`)
      await world().worked(
        async () => (await inbox()).every(({ state }) => state !== "received"),
        "every event at rest",
      )
    },
  }
}
