import {
  createApiKeysWorkflow,
  createRegionsWorkflow,
  createSalesChannelsWorkflow,
  createTaxRegionsWorkflow,
  createUserAccountWorkflow,
  linkSalesChannelsToApiKeyWorkflow,
  updateRegionsWorkflow,
  updateStoresWorkflow,
} from "@medusajs/medusa/core-flows"
import type { MedusaContainer } from "@medusajs/framework/types"
import { ApiKeyType, Modules } from "@medusajs/framework/utils"
import { only } from "./only"
import { seedDelivery } from "./seed-delivery"
import { seedProducts } from "./seed-products"
import { KOBBOPAY_PROVIDER, type SeededStore } from "./seeded-store"

export type SeedOptions = {
  /** Providers enabled in both regions. Default: Kobbopay alone. */
  paymentProviders?: string[]
  /** An admin user to log in as; none when left out. */
  admin?: { email: string; password: string }
  /** Units of each product in stock when it is made. Default 100. */
  stock?: number
}

/**
 * Makes an empty, migrated database a store that sells one physical and one digital product. Looks before it makes anything, so
 * a second run finds what the first one made and changes nothing but the payment providers of the regions.
 */
export async function seedStore(
  container: MedusaContainer,
  { paymentProviders = [KOBBOPAY_PROVIDER], admin, stock = 100 }: SeedOptions = {},
): Promise<SeededStore> {
  const salesChannelId = await ensureSalesChannel(container)
  await ensureStore(container, salesChannelId)
  const regionId = await ensureRegion(container, {
    name: "United States",
    currency_code: "usd",
    countries: ["us"],
    payment_providers: paymentProviders,
  })
  const euroRegionId = await ensureRegion(container, {
    name: "Germany",
    currency_code: "eur",
    countries: ["de"],
    payment_providers: paymentProviders,
  })
  await ensureTaxRegions(container, ["us", "de"])
  const delivery = await seedDelivery(container, { salesChannelId, countries: ["us", "de"] })
  const products = await seedProducts(container, { salesChannelId, stock, ...delivery })
  const publishableKey = await ensurePublishableKey(container, salesChannelId)
  if (admin !== undefined) {
    await ensureAdmin(container, admin)
  }
  return {
    regionId,
    euroRegionId,
    salesChannelId,
    publishableKey,
    locationId: delivery.locationId,
    shippingOptionId: delivery.shippingOptionId,
    ...products,
  }
}

async function ensureSalesChannel(container: MedusaContainer): Promise<string> {
  const [existing] = await container.resolve(Modules.SALES_CHANNEL).listSalesChannels({})
  if (existing !== undefined) {
    return existing.id
  }
  const { result } = await createSalesChannelsWorkflow(container).run({
    input: { salesChannelsData: [{ name: "Default Sales Channel" }] },
  })
  return only(result).id
}

async function ensureStore(container: MedusaContainer, salesChannelId: string): Promise<void> {
  const stores = container.resolve(Modules.STORE)
  const [existing] = await stores.listStores({}, { relations: ["supported_currencies"] })
  const store = existing ?? (await stores.createStores({ name: "Kobbopay demo" }))
  const supported = new Set(store.supported_currencies?.map((each) => each.currency_code))
  if (supported.has("usd") && supported.has("eur")) {
    return
  }
  await updateStoresWorkflow(container).run({
    input: {
      selector: { id: store.id },
      update: {
        name: "Kobbopay demo",
        default_sales_channel_id: salesChannelId,
        supported_currencies: [
          { currency_code: "usd", is_default: true },
          { currency_code: "eur", is_default: false },
        ],
      },
    },
  })
}

async function ensureRegion(
  container: MedusaContainer,
  region: { name: string; currency_code: string; countries: string[]; payment_providers: string[] },
): Promise<string> {
  const [existing] = await container.resolve(Modules.REGION).listRegions({ name: region.name })
  if (existing !== undefined) {
    await updateRegionsWorkflow(container).run({
      input: {
        selector: { id: existing.id },
        update: { payment_providers: region.payment_providers },
      },
    })
    return existing.id
  }
  const { result } = await createRegionsWorkflow(container).run({ input: { regions: [region] } })
  return only(result).id
}

async function ensureTaxRegions(container: MedusaContainer, countries: string[]): Promise<void> {
  const existing = await container.resolve(Modules.TAX).listTaxRegions({ country_code: countries })
  const missing = countries.filter((code) => !existing.some((each) => each.country_code === code))
  if (missing.length > 0) {
    await createTaxRegionsWorkflow(container).run({
      input: missing.map((country_code) => ({ country_code, provider_id: "tp_system" })),
    })
  }
}

async function ensurePublishableKey(
  container: MedusaContainer,
  salesChannelId: string,
): Promise<string> {
  const keys = container.resolve(Modules.API_KEY)
  const [existing] = await keys.listApiKeys({ type: ApiKeyType.PUBLISHABLE })
  if (existing !== undefined && existing.revoked_at === null) {
    await linkSalesChannelsToApiKeyWorkflow(container).run({
      input: { id: existing.id, add: [salesChannelId] },
    })
    return existing.token
  }
  const { result } = await createApiKeysWorkflow(container).run({
    input: {
      api_keys: [{ title: "Storefront", type: ApiKeyType.PUBLISHABLE, created_by: "" }],
    },
  })
  const made = only(result)
  await linkSalesChannelsToApiKeyWorkflow(container).run({
    input: { id: made.id, add: [salesChannelId] },
  })
  return made.token
}

async function ensureAdmin(
  container: MedusaContainer,
  { email, password }: { email: string; password: string },
): Promise<void> {
  const [existing] = await container.resolve(Modules.USER).listUsers({ email })
  if (existing !== undefined) {
    return
  }
  const { authIdentity, error } = await container
    .resolve(Modules.AUTH)
    .register("emailpass", { body: { email, password } })
  if (authIdentity === undefined) {
    throw new Error(`the admin ${email} could not be registered: ${error}`)
  }
  await createUserAccountWorkflow(container).run({
    input: { authIdentityId: authIdentity.id, userData: { email } },
  })
}
