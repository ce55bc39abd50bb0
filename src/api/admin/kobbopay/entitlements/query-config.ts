/** What a merchant sees of an entitlement unless other fields are asked for. */
export const entitlementFields = [
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
  "release_on",
  "decision",
  "decided_by",
  "decided_at",
  "decision_reason",
  "created_at",
  "updated_at",
]

export const retrieveEntitlement = { defaults: entitlementFields, isList: false }
export const listEntitlements = { defaults: entitlementFields, isList: true }
