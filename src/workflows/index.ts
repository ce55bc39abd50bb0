export { checkPaymentStep, checkPaymentWorkflow, type CheckPaymentInput } from "./check-payment"
