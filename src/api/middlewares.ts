import {
  authenticate,
  defineMiddlewares,
  validateAndTransformQuery,
} from "@medusajs/framework/http"
import { takeWebhookFirst } from "./hooks/kobbopay/first"
import {
  adminEntitlementParams,
  adminEntitlementQuery,
  adminEntitlementsParams,
  adminEntitlementsQuery,
} from "./admin/kobbopay/entitlements/query"
import { keepOnlyRail } from "./store/kobbopay/session-data"
import {
  storeEntitlementsParams,
  storeEntitlementsQuery,
} from "./store/kobbopay/entitlements/customer-query"
import { hideToken } from "./store/kobbopay/hidden-token"
import { refuseUnstorable, refuseUnstorableSession } from "./storable"

export default defineMiddlewares({
  routes: [
    {
      // The signature is over the bytes as sent: nothing may read or parse them before the route does.
      matcher: "/hooks/kobbopay",
      methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      bodyParser: false,
    },
    {
      matcher: "/store/payment-collections/:id/payment-sessions",
      methods: ["POST"],
      middlewares: [keepOnlyRail],
    },
    // Without methods, which puts it in front of all routes.
    { matcher: "/hooks/kobbopay", middlewares: [takeWebhookFirst] },
    { matcher: "/admin/kobbopay", middlewares: [refuseUnstorable] },
    { matcher: "/store/kobbopay", middlewares: [hideToken, refuseUnstorable] },
    {
      matcher: "/store/payment-collections/:id/payment-sessions",
      methods: ["POST"],
      middlewares: [refuseUnstorableSession],
    },
    {
      matcher: "/store/kobbopay/entitlements",
      methods: ["GET"],
      middlewares: [
        authenticate("customer", ["session", "bearer"]),
        validateAndTransformQuery(storeEntitlementsParams, storeEntitlementsQuery),
      ],
    },
    {
      matcher: "/admin/kobbopay/entitlements",
      methods: ["GET"],
      middlewares: [validateAndTransformQuery(adminEntitlementsParams, adminEntitlementsQuery)],
    },
    {
      matcher: "/admin/kobbopay/entitlements/:id",
      methods: ["GET"],
      middlewares: [validateAndTransformQuery(adminEntitlementParams, adminEntitlementQuery)],
    },
    ...["hold", "release", "revoke", "resume"].map((decision) => ({
      matcher: `/admin/kobbopay/entitlements/:id/${decision}`,
      methods: ["POST" as const],
      middlewares: [validateAndTransformQuery(adminEntitlementParams, adminEntitlementQuery)],
    })),
  ],
})
