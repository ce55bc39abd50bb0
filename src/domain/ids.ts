/** Branded strings, so that the id of one thing cannot be passed as the id of another. */
declare const brand: unique symbol
export type Brand<Name extends string> = string & { readonly [brand]: Name }

/** Id of the provider entry in the store's config: "kobbopay" unless the merchant chose another. */
export type AccountId = Brand<"AccountId">
/** Medusa's id of a payment provider: "pp_kobbopay_<account id>". */
export type ProviderId = Brand<"ProviderId">
/** A mark of contract, address and merchant that an account speaks to. */
export type Environment = Brand<"Environment">
export type RailId = Brand<"RailId">
/** Row id of a payment in the ledger. */
export type PaymentId = Brand<"PaymentId">
/** The payment's id at Kobbopay: payment_id (docs) or tracker_id (invoice). */
export type KobbopayId = Brand<"KobbopayId">
/** Our reference, sent as orderId or client_transaction_id and repeated on a retry. */
export type Reference = Brand<"Reference">
/** The 128 random bits by which a payer, without an account, may look at a payment. */
export type PublicToken = Brand<"PublicToken">
/** Row id of an event in the inbox. */
export type EventRowId = Brand<"EventRowId">
/** Row id of a recorded refund. */
export type RefundId = Brand<"RefundId">
/** Row id of an exception. */
export type ExceptionId = Brand<"ExceptionId">
/** Row id of an entitlement. */
export type EntitlementId = Brand<"EntitlementId">
/** Row id of a change of an entitlement: the key under which its event may come more than once. */
export type ChangeId = Brand<"ChangeId">
export type LineItemId = Brand<"LineItemId">
export type SessionId = Brand<"SessionId">
export type CollectionId = Brand<"CollectionId">
export type CartId = Brand<"CartId">
export type OrderId = Brand<"OrderId">

/** Names a string that was checked, or made, right where this is called. */
export const brandAs = <B extends Brand<string>>(value: string): B => value as B
