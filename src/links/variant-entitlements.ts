import { defineLink } from "@medusajs/framework/utils"
import ProductModule from "@medusajs/medusa/product"
import KobbopayModule from "../modules/kobbopay"

/** `kobbopay_entitlements` of a product variant. */
export default defineLink(
  { linkable: ProductModule.linkable.productVariant, field: "id", isList: true },
  {
    ...KobbopayModule.linkable.kobbopayEntitlement.id,
    primaryKey: "variant_id",
    alias: "kobbopay_entitlement",
  },
  { readOnly: true },
)
