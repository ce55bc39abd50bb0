import { defineLink } from "@medusajs/framework/utils"
import OrderModule from "@medusajs/medusa/order"
import KobbopayModule from "../modules/kobbopay"

/** `kobbopay_entitlement` of an order's line item. */
export default defineLink(
  { linkable: OrderModule.linkable.orderLineItem, field: "id" },
  {
    ...KobbopayModule.linkable.kobbopayEntitlement.id,
    primaryKey: "line_item_id",
    alias: "kobbopay_entitlement",
  },
  { readOnly: true },
)
