import type { MedusaNextFunction, MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { POST } from "./route"

/** What Express and Medusa's body parser both take for the route's path. */
const PATH = /^\/hooks\/kobbopay\/?(\?|$)/i

/**
 * Takes webhooks before Medusa looks through its hundreds of routes for theirs, which costs more than to
 * verify and parse them. What is not the route's goes on to where it belongs.
 */
export function takeWebhookFirst(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction,
): Promise<void> | undefined {
  if (req.method === "POST" && PATH.test(req.originalUrl)) return POST(req, res)
  next()
  return undefined
}
