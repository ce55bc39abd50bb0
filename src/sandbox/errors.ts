import { z } from "@medusajs/framework/zod"

/** A request the stand-in refuses: an HTTP status, and words that say why. */
export class SandboxError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
    this.name = "SandboxError"
  }
}

/** Reads outside data; throws a SandboxError (400) that names every faulty field. */
export function parseFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const faults = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  )
  throw new SandboxError(400, faults.join("; "))
}

const thrown = z.object({ message: z.string().catch(""), code: z.string().catch("") })

/** What is known of something that was thrown; by its shape, since not every Error is one of ours. */
export function factsOf(error: unknown): { message: string; code: string } {
  const facts = thrown.safeParse(error)
  return facts.success ? facts.data : { message: String(error), code: "" }
}
