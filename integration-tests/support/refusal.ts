import { z } from "@medusajs/framework/zod"

/** A workflow hands its errors on as plain objects. */
export const failure = z.object({ message: z.string() })

/** What a call or a workflow that must fail says. */
export const refusal = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "nothing was refused",
    (cause: unknown) => failure.parse(cause).message,
  )
