import type { MedusaNextFunction, MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { z } from "@medusajs/framework/zod"
import { PROVIDER_IDENTIFIER } from "../../../modules/kobbopay/accounts"

const sessionBody = z.looseObject({
  provider_id: z.string().startsWith(`pp_${PROVIDER_IDENTIFIER}_`),
  data: z.record(z.string(), z.unknown()).nullish(),
})

/**
 * What a shopper posts with a session decides the rail and nothing else: Medusa stores it before the provider
 * is asked, and hands it out again as the session's own data.
 */
export function keepOnlyRail(
  req: MedusaRequest,
  _res: MedusaResponse,
  next: MedusaNextFunction,
): void {
  req.body = onlyRail(req.body)
  req.validatedBody = onlyRail(req.validatedBody)
  next()
}

function onlyRail(body: unknown): unknown {
  const parsed = sessionBody.safeParse(body)
  if (!parsed.success || parsed.data.data == null) return body
  const { rail } = parsed.data.data
  return { ...parsed.data, data: rail === undefined ? {} : { rail } }
}
