import {
  createLocationFulfillmentSetWorkflow,
  createServiceZonesWorkflow,
  createShippingOptionsWorkflow,
  createShippingProfilesWorkflow,
  createStockLocationsWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
} from "@medusajs/medusa/core-flows"
import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { only } from "./only"

const FULFILLMENT_PROVIDER = "manual_manual"
const LOCATION = "Warehouse"
const SET = "Warehouse delivery"
const ZONE = "Everywhere we sell"
const OPTION = "Standard shipping"

export type Delivery = { locationId: string; shippingProfileId: string; shippingOptionId: string }

/** A warehouse that ships to these countries for a flat price; makes only what is missing. */
export async function seedDelivery(
  container: MedusaContainer,
  { salesChannelId, countries }: { salesChannelId: string; countries: string[] },
): Promise<Delivery> {
  const locationId = await ensureLocation(container)
  await linkSalesChannelsToStockLocationWorkflow(container).run({
    input: { id: locationId, add: [salesChannelId] },
  })
  const shippingProfileId = await ensureShippingProfile(container)
  const serviceZoneId = await ensureServiceZone(container, locationId, countries)
  const shippingOptionId = await ensureShippingOption(container, serviceZoneId, shippingProfileId)
  return { locationId, shippingProfileId, shippingOptionId }
}

async function ensureLocation(container: MedusaContainer): Promise<string> {
  const locations = container.resolve(Modules.STOCK_LOCATION)
  const [existing] = await locations.listStockLocations({ name: LOCATION })
  if (existing !== undefined) {
    return existing.id
  }
  const { result } = await createStockLocationsWorkflow(container).run({
    input: {
      locations: [
        {
          name: LOCATION,
          address: { address_1: "1 Harbour Road", city: "Portland", country_code: "us" },
        },
      ],
    },
  })
  const { id } = only(result)
  await container.resolve(ContainerRegistrationKeys.LINK).create({
    [Modules.STOCK_LOCATION]: { stock_location_id: id },
    [Modules.FULFILLMENT]: { fulfillment_provider_id: FULFILLMENT_PROVIDER },
  })
  return id
}

async function ensureShippingProfile(container: MedusaContainer): Promise<string> {
  const fulfillment = container.resolve(Modules.FULFILLMENT)
  const [existing] = await fulfillment.listShippingProfiles({ type: "default" })
  if (existing !== undefined) {
    return existing.id
  }
  const { result } = await createShippingProfilesWorkflow(container).run({
    input: { data: [{ name: "Default", type: "default" }] },
  })
  return only(result).id
}

async function ensureServiceZone(
  container: MedusaContainer,
  locationId: string,
  countries: string[],
): Promise<string> {
  const fulfillment = container.resolve(Modules.FULFILLMENT)
  const [existing] = await fulfillment.listServiceZones({ name: ZONE })
  if (existing !== undefined) {
    return existing.id
  }
  await createLocationFulfillmentSetWorkflow(container).run({
    input: {
      location_id: locationId,
      fulfillment_set_data: { name: SET, type: "shipping" },
    },
  })
  const set = only(await fulfillment.listFulfillmentSets({ name: SET }))
  const { result } = await createServiceZonesWorkflow(container).run({
    input: {
      data: [
        {
          name: ZONE,
          fulfillment_set_id: set.id,
          geo_zones: countries.map((country_code) => ({ type: "country", country_code })),
        },
      ],
    },
  })
  return only(result).id
}

async function ensureShippingOption(
  container: MedusaContainer,
  serviceZoneId: string,
  shippingProfileId: string,
): Promise<string> {
  const fulfillment = container.resolve(Modules.FULFILLMENT)
  const [existing] = await fulfillment.listShippingOptions({ name: OPTION })
  if (existing !== undefined) {
    return existing.id
  }
  const { result } = await createShippingOptionsWorkflow(container).run({
    input: [
      {
        name: OPTION,
        price_type: "flat",
        provider_id: FULFILLMENT_PROVIDER,
        service_zone_id: serviceZoneId,
        shipping_profile_id: shippingProfileId,
        type: { label: "Standard", description: "Two to five days.", code: "standard" },
        prices: [
          { currency_code: "usd", amount: 5 },
          { currency_code: "eur", amount: 5 },
        ],
        rules: [
          { attribute: "enabled_in_store", value: "true", operator: "eq" },
          { attribute: "is_return", value: "false", operator: "eq" },
        ],
      },
    ],
  })
  return only(result).id
}
