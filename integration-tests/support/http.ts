import { z } from "@medusajs/framework/zod"

export type Call = {
  /** Default: POST with a body, GET without. */
  method?: "GET" | "POST" | "DELETE"
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
}

/** An answer that is not 2xx. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

const faultSchema = z.object({ message: z.string() }).partial()

/**
 * One JSON request, and its answer checked against the schema.
 *
 * @throws HttpError for an answer that is not 2xx, with the message that came with it; ZodError for an unexpected shape.
 */
export async function call<T>(url: string, schema: z.ZodType<T>, request: Call = {}): Promise<T> {
  const method = request.method ?? (request.body === undefined ? "GET" : "POST")
  const answer = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...request.headers },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  })
  const text = await answer.text()
  if (!answer.ok) {
    throw new HttpError(
      answer.status,
      `${method} ${new URL(url).pathname} answered ${answer.status}: ${messageIn(text)}`,
    )
  }
  return schema.parse(JSON.parse(text))
}

function messageIn(text: string): string {
  try {
    return faultSchema.parse(JSON.parse(text)).message ?? text.slice(0, 300)
  } catch {
    return text.slice(0, 300)
  }
}
