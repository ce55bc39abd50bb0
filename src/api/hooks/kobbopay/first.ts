import type { MedusaNextFunction, MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { POST } from "./route"

/**
 * Takes webhooks before Medusa looks through its hundreds of routes for theirs, which costs as much as all that
 * the route does. What is not the route's goes on to where it belongs.
 */
export function takeWebhookFirst(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction,
): Promise<void> | undefined {
  // The path behind the middleware's own: a longer one is none of ours.
  if (req.method === "POST" && req.path === "/") return POST(req, res)
  next()
  return undefined
}
