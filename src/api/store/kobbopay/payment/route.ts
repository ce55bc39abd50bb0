/** The status of the payment whose token stands in the header `x-kobbopay-token`, out of the way of request logs. */
export { GET } from "../payments/[token]/route"
