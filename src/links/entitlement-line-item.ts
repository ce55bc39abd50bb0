import { defineLink } from "@medusajs/framework/utils"
import OrderModule from "@medusajs/medusa/order"
import KobbopayModule from "../modules/kobbopay"

/** `order_line_item` of an entitlement. */
export default defineLink(
  { linkable: KobbopayModule.linkable.kobbopayEntitlement, field: "line_item_id" },
  { linkable: OrderModule.linkable.orderLineItem },
  { readOnly: true },
)
