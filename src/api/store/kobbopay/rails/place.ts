import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, MathBN, MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { plainLine } from "../../../../domain/text"

/** Where a rail would be chosen: a region, or a cart in one. */
export type Place = {
  currencyCode: string
  /** The payment providers that are enabled there. */
  providers: ReadonlySet<string>
  /** False for a cart that costs nothing: there is nothing to pay by any rail. */
  owesSomething: boolean
}

const regionsShape = z.array(
  z.object({
    currency_code: z.string().toLowerCase(),
    payment_providers: z
      .array(z.object({ id: z.string(), is_enabled: z.boolean() }).nullable())
      .nullish(),
  }),
)
const cartsShape = z.array(
  z.object({
    region_id: z.string().nullable(),
    currency_code: z.string().toLowerCase(),
    total: z.custom<Parameters<typeof MathBN.gt>[0]>((total) => total != null),
  }),
)

/**
 * The places that a request names, of which a rail must be offered in each.
 *
 * @throws MedusaError NOT_FOUND for one that Medusa does not have
 */
export async function placesOf(
  container: MedusaContainer,
  { regionId, cartId }: { regionId: string | undefined; cartId: string | undefined },
): Promise<Place[]> {
  const places: Place[] = []
  if (regionId !== undefined) places.push(await regionPlace(container, regionId))
  if (cartId !== undefined) places.push(await cartPlace(container, cartId))
  return places
}

async function regionPlace(container: MedusaContainer, id: string): Promise<Place> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "region",
    fields: ["currency_code", "payment_providers.id", "payment_providers.is_enabled"],
    filters: { id },
  })
  const [region] = regionsShape.parse(data)
  if (region === undefined) throw notFound("region", id)
  const providers = (region.payment_providers ?? []).flatMap((one) =>
    one?.is_enabled === true ? [one.id] : [],
  )
  return {
    currencyCode: region.currency_code,
    providers: new Set(providers),
    owesSomething: true,
  }
}

async function cartPlace(container: MedusaContainer, id: string): Promise<Place> {
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "cart",
    fields: ["region_id", "currency_code", "total"],
    filters: { id },
  })
  const [cart] = cartsShape.parse(data)
  if (cart === undefined) throw notFound("cart", id)
  const region = cart.region_id === null ? null : await regionPlace(container, cart.region_id)
  return {
    currencyCode: cart.currency_code,
    providers: region?.providers ?? new Set(),
    owesSomething: MathBN.gt(cart.total, 0),
  }
}

const notFound = (what: string, id: string): MedusaError =>
  new MedusaError(MedusaError.Types.NOT_FOUND, `There is no ${what} ${plainLine(id, 100)}`)
