/** The same for what the payment's order entitles to. */
export { GET } from "../../payments/[token]/entitlements/route"
