export { checkPaymentStep, checkPaymentWorkflow, type CheckPaymentInput } from "./check-payment"
export { reconcileStep, reconcileWorkflow, type ReconcileInput } from "./reconcile"
export {
  convergeEntitlementsStep,
  convergeEntitlementsWorkflow,
  holdEntitlementStep,
  holdEntitlementWorkflow,
  releaseEntitlementStep,
  releaseEntitlementWorkflow,
  resumeEntitlementStep,
  resumeEntitlementWorkflow,
  revokeEntitlementStep,
  revokeEntitlementWorkflow,
  type ConvergeEntitlementsInput,
  type DecideEntitlementInput,
} from "./entitlements"
export { recordRefundStep, recordRefundWorkflow, type RecordRefundInput } from "./record-refund"
export {
  acceptExceptionStep,
  acceptExceptionWorkflow,
  applyPaymentStep,
  applyPaymentWorkflow,
  dismissExceptionStep,
  dismissExceptionWorkflow,
  type AcceptExceptionInput,
  type DismissExceptionInput,
} from "./resolve-exception"
