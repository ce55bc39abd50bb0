import {
  createInventoryItemsWorkflow,
  createInventoryLevelsWorkflow,
  createProductsWorkflow,
} from "@medusajs/medusa/core-flows"
import type { MedusaContainer } from "@medusajs/framework/types"
import { Modules, ProductStatus } from "@medusajs/framework/utils"
import { only } from "./only"
import type { SeededProduct } from "./seeded-store"

type Article = {
  title: string
  description: string
  handle: string
  sku: string
  shipped: boolean
  /** In units of the currency, as Medusa's prices are. */
  prices: { usd: number; eur: number }
}

const SHIRT: Article = {
  title: "Kobbopay shirt",
  description: "Organic cotton, one size, and it arrives by post.",
  handle: "kobbopay-shirt",
  sku: "SHIRT",
  shipped: true,
  prices: { usd: 24, eur: 22 },
}

const EBOOK: Article = {
  title: "E-book",
  description: "Taking stablecoins without losing sleep. Released when the payment is confirmed.",
  handle: "e-book",
  sku: "EBOOK",
  shipped: false,
  prices: { usd: 10.5, eur: 9.9 },
}

type Shelf = {
  salesChannelId: string
  locationId: string
  shippingProfileId: string
  stock: number
}

/** One product to ship and one to download, both with managed stock; makes only what is missing. */
export async function seedProducts(
  container: MedusaContainer,
  shelf: Shelf,
): Promise<{ physical: SeededProduct; digital: SeededProduct }> {
  return {
    physical: await ensureProduct(container, SHIRT, shelf),
    digital: await ensureProduct(container, EBOOK, shelf),
  }
}

async function ensureProduct(
  container: MedusaContainer,
  article: Article,
  shelf: Shelf,
): Promise<SeededProduct> {
  const inventoryItemId = await ensureStock(container, article, shelf)
  const [existing] = await container
    .resolve(Modules.PRODUCT)
    .listProducts({ handle: article.handle }, { relations: ["variants"] })
  const product = existing ?? (await makeProduct(container, article, shelf, inventoryItemId))
  return { productId: product.id, variantId: only(product.variants).id, inventoryItemId }
}

/** Medusa takes an article for shipped when its stock is; a variant that brings no item of its own gets a shipped one. */
async function ensureStock(
  container: MedusaContainer,
  article: Article,
  { locationId, stock }: Shelf,
): Promise<string> {
  const inventory = container.resolve(Modules.INVENTORY)
  const [existing] = await inventory.listInventoryItems({ sku: article.sku })
  const item =
    existing ??
    only(
      (
        await createInventoryItemsWorkflow(container).run({
          input: {
            items: [{ sku: article.sku, title: article.title, requires_shipping: article.shipped }],
          },
        })
      ).result,
    )
  const levels = await inventory.listInventoryLevels({
    inventory_item_id: item.id,
    location_id: locationId,
  })
  if (levels.length === 0) {
    await createInventoryLevelsWorkflow(container).run({
      input: {
        inventory_levels: [
          { inventory_item_id: item.id, location_id: locationId, stocked_quantity: stock },
        ],
      },
    })
  }
  return item.id
}

async function makeProduct(
  container: MedusaContainer,
  article: Article,
  { salesChannelId, shippingProfileId }: Shelf,
  inventoryItemId: string,
) {
  const { result } = await createProductsWorkflow(container).run({
    input: {
      products: [
        {
          title: article.title,
          description: article.description,
          handle: article.handle,
          status: ProductStatus.PUBLISHED,
          // A shipping profile alone would make it a shipped article, whatever its stock says.
          ...(article.shipped ? { shipping_profile_id: shippingProfileId } : {}),
          sales_channels: [{ id: salesChannelId }],
          options: [{ title: "Format", values: ["Standard"] }],
          variants: [
            {
              title: "Standard",
              sku: article.sku,
              manage_inventory: true,
              options: { Format: "Standard" },
              prices: Object.entries(article.prices).map(([currency_code, amount]) => ({
                currency_code,
                amount,
              })),
              inventory_items: [{ inventory_item_id: inventoryItemId, required_quantity: 1 }],
            },
          ],
        },
      ],
    },
  })
  return only(result)
}
