import {
  authenticate,
  validateAndTransformQuery,
  type MiddlewareRoute,
} from "@medusajs/framework/http"
import { refuseUnstorable, refuseUnstorableSession } from "../../storable"
import { listOwnEntitlements } from "./entitlements/query-config"
import { storeEntitlementsParams } from "./entitlements/validators"
import { hideToken } from "./hidden-token"
import { storeRailsParams } from "./rails/validators"
import { keepOnlyRail } from "./session-data"

/** What each of the store's routes takes, and what of a payment session is kept. */
export const storeMiddlewares: MiddlewareRoute[] = [
  {
    matcher: "/store/payment-collections/:id/payment-sessions",
    methods: ["POST"],
    middlewares: [keepOnlyRail, refuseUnstorableSession],
  },
  // Without methods, which puts it in front of all routes.
  { matcher: "/store/kobbopay", middlewares: [hideToken, refuseUnstorable] },
  {
    matcher: "/store/kobbopay/entitlements",
    methods: ["GET"],
    middlewares: [
      authenticate("customer", ["session", "bearer"]),
      validateAndTransformQuery(storeEntitlementsParams, listOwnEntitlements),
    ],
  },
  {
    matcher: "/store/kobbopay/rails",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(storeRailsParams, {})],
  },
]
