import { z } from "@medusajs/framework/zod"
import { acceptInput, dismissInput } from "../../../../workflows/input"
import { idFilter, oneOf, pageOf } from "../../../filters"

export const adminExceptionsParams = z.object({
  ...pageOf(200),
  state: oneOf(["open", "closed"]).optional(),
  class: idFilter,
  order_id: idFilter,
  payment_id: idFilter,
})
export type AdminExceptionsParams = z.output<typeof adminExceptionsParams>

/** Of accepting the money of an exception, and of applying its payment. */
export const adminAcceptance = acceptInput.pick({ note: true, final: true })
export type AdminAcceptance = z.output<typeof adminAcceptance>

export const adminDismissal = dismissInput.pick({ code: true, note: true })
export type AdminDismissal = z.output<typeof adminDismissal>
