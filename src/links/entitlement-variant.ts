import { defineLink } from "@medusajs/framework/utils"
import ProductModule from "@medusajs/medusa/product"
import KobbopayModule from "../modules/kobbopay"

/** `product_variant` of an entitlement. */
export default defineLink(
  { linkable: KobbopayModule.linkable.kobbopayEntitlement, field: "variant_id" },
  { linkable: ProductModule.linkable.productVariant },
  { readOnly: true },
)
