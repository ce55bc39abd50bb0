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
export {
  recordPayBackStep,
  recordPayBackWorkflow,
  type RecordPayBackInput,
} from "./record-pay-back"
export {
  acceptExceptionStep,
  acceptExceptionWorkflow,
  adoptPaymentStep,
  adoptPaymentWorkflow,
  dismissExceptionStep,
  dismissExceptionWorkflow,
  type AcceptExceptionInput,
  type DismissExceptionInput,
} from "./resolve-exception"
