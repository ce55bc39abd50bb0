import type { MedusaNextFunction, MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

const TOKEN = /^(\/store\/kobbopay\/payments\/)[^/?]+/i

/**
 * Keeps the token of a payment out of Medusa's request log, which writes down each path once it is answered.
 * Routes go by another copy of the path.
 */
export function hideToken(
  req: MedusaRequest,
  _res: MedusaResponse,
  next: MedusaNextFunction,
): void {
  req.originalUrl = req.originalUrl.replace(TOKEN, "$1[token]")
  next()
}
