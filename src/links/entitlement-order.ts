import { defineLink } from "@medusajs/framework/utils"
import OrderModule from "@medusajs/medusa/order"
import KobbopayModule from "../modules/kobbopay"

/** `order` of an entitlement; its customer is the order's, and follows it when the order is transferred. */
export default defineLink(
  { linkable: KobbopayModule.linkable.kobbopayEntitlement, field: "order_id" },
  { linkable: OrderModule.linkable.order },
  { readOnly: true },
)
