import type { z } from "@medusajs/framework/zod"
import { oneOf } from "../../../filters"

/** How a CSV is written, for the program and the country that it is opened in. */
export const sheetShape = {
  /** Without it a spreadsheet takes UTF-8 for an older alphabet. */
  bom: oneOf(["true", "false"]).default("true"),
  separator: oneOf(["comma", "semicolon", "tab"]).default("comma"),
  /** Between units and their fractions: where it is a comma, "10.5" is the tenth of May. */
  decimal: oneOf(["point", "comma"]).default("point"),
}

export type Sheet = { [Key in keyof typeof sheetShape]: z.output<(typeof sheetShape)[Key]> }
