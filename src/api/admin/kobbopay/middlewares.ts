import {
  validateAndTransformBody,
  validateAndTransformQuery,
  type MiddlewareRoute,
} from "@medusajs/framework/http"
import { refuseUnstorable } from "../../storable"
import { listEntitlements, retrieveEntitlement } from "./entitlements/query-config"
import {
  adminDecision,
  adminEntitlementParams,
  adminEntitlementsParams,
} from "./entitlements/validators"
import { adminAcceptance, adminDismissal, adminExceptionsParams } from "./exceptions/validators"
import {
  adminExportParams,
  adminHistoryParams,
  adminRefund,
  adminRefundPreviewParams,
} from "./payments/validators"
import { adminReconciliation, adminReconciliationsParams } from "./reconciliations/validators"

/** What each of the admin's routes takes. */
export const adminMiddlewares: MiddlewareRoute[] = [
  // Without methods, which puts it in front of all routes.
  { matcher: "/admin/kobbopay", middlewares: [refuseUnstorable] },
  {
    matcher: "/admin/kobbopay/entitlements",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminEntitlementsParams, listEntitlements)],
  },
  {
    matcher: "/admin/kobbopay/entitlements/:id",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminEntitlementParams, retrieveEntitlement)],
  },
  ...["hold", "release", "revoke", "resume"].map((decision) => ({
    matcher: `/admin/kobbopay/entitlements/:id/${decision}`,
    methods: ["POST" as const],
    middlewares: [
      validateAndTransformBody(adminDecision),
      validateAndTransformQuery(adminEntitlementParams, retrieveEntitlement),
    ],
  })),
  {
    matcher: "/admin/kobbopay/exceptions",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminExceptionsParams, { isList: true })],
  },
  ...["accept", "apply"].map((decision) => ({
    matcher: `/admin/kobbopay/exceptions/:id/${decision}`,
    methods: ["POST" as const],
    middlewares: [validateAndTransformBody(adminAcceptance)],
  })),
  {
    matcher: "/admin/kobbopay/exceptions/:id/dismiss",
    methods: ["POST"],
    middlewares: [validateAndTransformBody(adminDismissal)],
  },
  {
    matcher: "/admin/kobbopay/payments/export",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminExportParams, {})],
  },
  {
    matcher: "/admin/kobbopay/payments/:id/history",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminHistoryParams, {})],
  },
  {
    matcher: "/admin/kobbopay/payments/:id/refunds",
    methods: ["POST"],
    middlewares: [validateAndTransformBody(adminRefund)],
  },
  {
    matcher: "/admin/kobbopay/payments/:id/refunds/preview",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminRefundPreviewParams, {})],
  },
  {
    matcher: "/admin/kobbopay/reconciliations",
    methods: ["GET"],
    middlewares: [validateAndTransformQuery(adminReconciliationsParams, { isList: true })],
  },
  {
    matcher: "/admin/kobbopay/reconciliations",
    methods: ["POST"],
    middlewares: [validateAndTransformBody(adminReconciliation)],
  },
]
