import { Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import type { World } from "./store-suite"

const entitlement = z.object({
  id: z.string(),
  order_id: z.string(),
  line_item_id: z.string(),
  variant_id: z.string().nullable(),
  title: z.string(),
  variant_title: z.string().nullable(),
  state: z.enum(["held", "released", "revoked"]),
  quantity: z.number(),
  released_quantity: z.number(),
  revoked_quantity: z.number(),
})
export type Entitlement = z.infer<typeof entitlement>

/** A page of entitlements, of the admin's or the customer's. */
export const entitlementList = z.object({
  entitlements: z.array(entitlement),
  count: z.number(),
  offset: z.number(),
  limit: z.number(),
})
const detail = z.object({
  entitlement: entitlement.extend({
    release_on: z.string(),
    decision: z.string().nullable(),
    decided_by: z.string().nullable(),
    history: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        quantity: z.number(),
        actor: z.string(),
        reason: z.string(),
      }),
    ),
  }),
})

const eventData = z.object({
  id: z.string(),
  order_id: z.string(),
  line_item_id: z.string(),
  quantity: z.number(),
  key: z.string(),
})
type ReceivedEvent = z.infer<typeof eventData> & { kind: string }

/** State, released and revoked units. */
export type Stands = [Entitlement["state"], number, number]

/** Entitlements as the merchant sees them, and as a subscriber hears of them. */
export class Entitlements {
  readonly received: ReceivedEvent[] = []

  constructor(private readonly world: () => World) {}

  /** Starts to hear events; once the store is booted. */
  listen(): void {
    const bus = this.world().container.resolve(Modules.EVENT_BUS)
    for (const kind of ["held", "released", "revoked"]) {
      bus.subscribe(`kobbopay.entitlement.${kind}`, ({ data }) => {
        this.received.push({ kind, ...eventData.parse(data) })
        return Promise.resolve()
      })
    }
  }

  /** The events of an order that were received: kind and units, in their order. */
  receivedFor(order: string): [string, number][] {
    return this.received
      .filter((one) => one.order_id === order)
      .map(({ kind, quantity }) => [kind, quantity])
  }

  async of(order: string): Promise<Entitlement[]> {
    const path = `/admin/kobbopay/entitlements?order_id=${order}`
    return (await this.world().merchant.call(path, entitlementList)).entitlements
  }

  /** The one entitlement of an order. */
  async one(order: string): Promise<Entitlement> {
    const found = await this.of(order)
    return z.tuple([entitlement]).parse(found)[0]
  }

  async stands(order: string): Promise<Stands[]> {
    const found = await this.of(order)
    return found.map((one) => [one.state, one.released_quantity, one.revoked_quantity])
  }

  /** Works what is due until an order's entitlements stand so; fails showing the difference. */
  async become(order: string, ...expected: Stands[]): Promise<void> {
    const same = async () => JSON.stringify(await this.stands(order)) === JSON.stringify(expected)
    await this.world()
      .worked(same, "the entitlements")
      .catch(() => undefined)
    expect(await this.stands(order)).toEqual(expected)
  }

  async detail(id: string) {
    const path = `/admin/kobbopay/entitlements/${id}`
    return (await this.world().merchant.call(path, detail)).entitlement
  }

  /** What a merchant decides: "hold", "release", "revoke" or "resume". */
  async decide(id: string, how: string, body: Record<string, unknown> = { reason: "because" }) {
    const path = `/admin/kobbopay/entitlements/${id}/${how}`
    return (await this.world().merchant.call(path, detail, { body })).entitlement
  }
}
