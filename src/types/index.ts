/** What a storefront or a merchant's own code names: options, answers of the routes, data of the events. */
export type { AccountOptionsInput } from "../kobbopay/options"
export type { PriceFunction } from "../kobbopay/rails"
export type * from "./order-payments"
export type * from "./payment-export"
export type * from "./reconciliation"
export type * from "./storefront"
