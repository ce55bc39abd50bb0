import { MedusaError } from "@medusajs/framework/utils"

/** The writes that Medusa generates for each table. */
type GeneratedWrite =
  `${"create" | "update" | "delete" | "softDelete" | "restore"}Kobbopay${string}`

const GENERATED_WRITE = /^(?:create|update|delete|softDelete|restore)(Kobbopay\w+)$/

const CHECK = "checkPaymentWorkflow"
const DECIDE_ENTITLEMENT =
  "holdEntitlementWorkflow, releaseEntitlementWorkflow, revokeEntitlementWorkflow or resumeEntitlementWorkflow"

/** What writes each table, where somebody else may ask for it. */
const WORKFLOWS: Readonly<Record<string, string>> = {
  KobbopayPayments: CHECK,
  KobbopayPaymentSessions: CHECK,
  KobbopayCollections: CHECK,
  KobbopayTransfers: CHECK,
  KobbopayTransitions: CHECK,
  KobbopayEvents: CHECK,
  KobbopayExceptions:
    "acceptExceptionWorkflow, applyPaymentWorkflow, dismissExceptionWorkflow or recordRefundWorkflow",
  KobbopayRefunds: "recordRefundWorkflow",
  KobbopayReconciliations: "reconcileWorkflow",
  KobbopayEntitlements: DECIDE_ENTITLEMENT,
  KobbopayEntitlementChanges: DECIDE_ENTITLEMENT,
  KobbopayEntitledOrders: "convergeEntitlementsWorkflow",
}

/**
 * The same service without the writes that Medusa generates: not in its type, and refused with NOT_ALLOWED
 * where they are called all the same. The ledger's rows hold what happened to money: the plugin's own
 * statements write them, under a lease, and never delete a payment.
 */
export function readOnly<Args extends unknown[], Tables extends object, Statics>(
  service: (new (...args: Args) => Tables) & Statics,
): (new (...args: Args) => Omit<Tables, GeneratedWrite>) & Statics {
  for (const name of Object.getOwnPropertyNames(service.prototype)) {
    const table = GENERATED_WRITE.exec(name)?.[1]
    if (table === undefined) continue
    Object.defineProperty(service.prototype, name, {
      value: () => Promise.reject(refusal(name, table)),
    })
  }
  return service
}

function refusal(method: string, table: string): MedusaError {
  const instead = WORKFLOWS[table]
  return new MedusaError(
    MedusaError.Types.NOT_ALLOWED,
    `${method} is not allowed: rows about money are written by the plugin alone.` +
      (instead === undefined
        ? ""
        : ` Use ${instead} of medusa-payment-kobbopay/workflows instead.`),
  )
}
