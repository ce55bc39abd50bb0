import type { EntitlementState } from "../domain/entitlements"
import type { PaymentState } from "../domain/reading"

/** What `GET /store/kobbopay/rails` answers. */
export type RailsAnswer = { rails: OfferedRail[] }

/** An asset on a network that a shopper can pay with. */
export type OfferedRail = {
  id: string
  provider_id: string
  asset: string
  network: string
  /** What a shopper reads. */
  label: string
  /** Fraction digits of a minor unit. */
  decimals: number
}

/** What the payer of a payment may see: the session's data and the status route say this and no more. */
export type PayerView = {
  token: string
  account: string
  rail: string
  asset: string
  network: string
  label: string
  /** Decimal string, units of the asset. */
  amount: string
  /** Decimal string, units of the asset; null when nothing is known to have arrived. */
  amount_received: string | null
  decimals: number
  address: string | null
  memo: string | null
  /** Our reference at Kobbopay, for a question to the merchant. */
  reference: string
  kobbopay_id: string | null
  state: PaymentState
  /** When the offer ends, ISO 8601. */
  expires_at: string
  /** Nothing is to be paid, or to be waited for, any more: confirmed, expired, failed, or outside its window without money. */
  ended: boolean
}

/** What `GET /store/kobbopay/payment` answers. */
export type PaymentAnswer = { payment: PayerView & { order: PayerOrder | null } }

/** `id`: only for the order's own customer, since Medusa shows name and address to whoever has it. */
export type PayerOrder = { display_id: number; id?: string }

/** What `GET /store/kobbopay/payment/entitlements` answers: what the order of a payment entitles to. */
export type PayerEntitlementsAnswer = { entitlements: PayerEntitlement[] }

export type PayerEntitlement = {
  title: string
  variant_title: string | null
  state: EntitlementState
  quantity: number
  released_quantity: number
  revoked_quantity: number
}

/** The data of the events `kobbopay.entitlement.held`, `.released` and `.revoked`. */
export type EntitlementEventData = {
  /** The entitlement. */
  id: string
  order_id: string
  line_item_id: string
  /** How many units moved. */
  quantity: number
  /** The same each time that the event comes. */
  key: string
}
