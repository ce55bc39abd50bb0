import { z } from "@medusajs/framework/zod"
import { refundAmount, refundInput } from "../../../../workflows/input"
import { idFilter, moment, oneOf } from "../../../filters"

/** How a CSV is written, for the program and the country that it is opened in. */
const sheet = {
  /** Without it a spreadsheet takes UTF-8 for an older alphabet. */
  bom: oneOf(["true", "false"]).default("true"),
  separator: oneOf(["comma", "semicolon", "tab"]).default("comma"),
  /** Between units and their fractions: where it is a comma, "10.5" is the tenth of May. */
  decimal: oneOf(["point", "comma"]).default("point"),
}
export type Sheet = { [Key in keyof typeof sheet]: z.output<(typeof sheet)[Key]> }

export const adminHistoryParams = z.object({
  format: oneOf(["csv", "json"]).default("json"),
  ...sheet,
})
export type AdminHistoryParams = z.output<typeof adminHistoryParams>

export const adminExportParams = z
  .object({
    format: oneOf(["csv", "json"]).default("csv"),
    kind: oneOf(["payments", "transitions"]).default("payments"),
    ...sheet,
    from: moment,
    to: moment,
    account: idFilter,
    payment_id: idFilter,
    order_id: idFilter,
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    error: "to: is before `from`; write a later day, or exchange the two",
  })
export type AdminExportParams = z.output<typeof adminExportParams>

export const adminRefund = refundInput.pick({ amount: true, hash: true, note: true })
export type AdminRefund = z.output<typeof adminRefund>

export const adminRefundPreviewParams = z.object({ amount: refundAmount })
export type AdminRefundPreviewParams = z.output<typeof adminRefundPreviewParams>
