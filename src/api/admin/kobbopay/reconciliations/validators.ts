import { z } from "@medusajs/framework/zod"
import { pastMoment } from "../../../../workflows/input"
import { pageOf } from "../../../filters"

export const adminReconciliationsParams = z.object(pageOf(100))
export type AdminReconciliationsParams = z.output<typeof adminReconciliationsParams>

/** From when on payments that ended are looked at too. */
export const adminReconciliation = z.strictObject({ since: pastMoment.nullish() })
export type AdminReconciliation = z.output<typeof adminReconciliation>
