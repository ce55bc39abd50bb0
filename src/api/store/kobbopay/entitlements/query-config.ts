/** What a customer may see of an entitlement: what it is and how it stands, not who decided what and why. */
export const customerFields = [
  "id",
  "order_id",
  "line_item_id",
  "product_id",
  "variant_id",
  "title",
  "variant_title",
  "state",
  "quantity",
  "released_quantity",
  "revoked_quantity",
  "created_at",
  "updated_at",
]

export const listOwnEntitlements = {
  defaults: customerFields,
  allowed: customerFields,
  isList: true,
}
