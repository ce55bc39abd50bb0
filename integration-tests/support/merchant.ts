import { z } from "@medusajs/framework/zod"
import { call, type Call } from "./http"

const levelsSchema = z.object({
  inventory_levels: z.array(
    z.object({
      stocked_quantity: z.number(),
      reserved_quantity: z.number(),
      available_quantity: z.number(),
    }),
  ),
})

export type Stock = { stocked: number; reserved: number; available: number }

/** A merchant at the store's admin API. */
export class Merchant {
  private constructor(
    private readonly url: string,
    private readonly jwt: string,
  ) {}

  /** @throws HttpError 401 for a wrong login. */
  static async login(url: string, login: { email: string; password: string }): Promise<Merchant> {
    const { token } = await call(`${url}/auth/user/emailpass`, z.object({ token: z.string() }), {
      body: login,
    })
    return new Merchant(url, token)
  }

  /** Units of one inventory item, over all locations. */
  async stock(inventoryItemId: string): Promise<Stock> {
    const path = `/admin/inventory-items/${inventoryItemId}/location-levels`
    const { inventory_levels: levels } = await this.call(path, levelsSchema)
    const sum = (key: keyof (typeof levels)[number]) =>
      levels.reduce((total, level) => total + level[key], 0)
    return {
      stocked: sum("stocked_quantity"),
      reserved: sum("reserved_quantity"),
      available: sum("available_quantity"),
    }
  }

  /** An admin route's answer as it is: a file, say. */
  download(path: string): Promise<Response> {
    return fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.jwt}` } })
  }

  /** Any other admin route. */
  call<T>(path: string, schema: z.ZodType<T>, request: Call = {}): Promise<T> {
    const headers = { authorization: `Bearer ${this.jwt}` }
    return call(`${this.url}${path}`, schema, { headers, ...request })
  }
}
