import type { MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"

/** Workflows hand errors on as plain objects. */
const conflictShape = z.object({
  type: z.literal(MedusaError.Types.CONFLICT),
  message: z.string(),
})

/**
 * Answers with what a person's decision led to. A conflict is answered here, as 409: Medusa's error handler
 * puts a text of its own in place of the one that says who was faster.
 */
export async function answer(res: MedusaResponse, decide: () => Promise<object>): Promise<void> {
  try {
    res.json(await decide())
  } catch (cause) {
    const conflict = conflictShape.safeParse(cause)
    if (!conflict.success) throw cause
    res.status(409).json(conflict.data)
  }
}
