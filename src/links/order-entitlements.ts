import { defineLink } from "@medusajs/framework/utils"
import OrderModule from "@medusajs/medusa/order"
import KobbopayModule from "../modules/kobbopay"

/** `kobbopay_entitlements` of an order; of a customer: `orders.kobbopay_entitlements`. */
export default defineLink(
  { linkable: OrderModule.linkable.order, field: "id", isList: true },
  {
    ...KobbopayModule.linkable.kobbopayEntitlement.id,
    primaryKey: "order_id",
    alias: "kobbopay_entitlement",
  },
  { readOnly: true },
)
