import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys, MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type EntitlementId } from "../../../../../domain/ids"
import { plainLine } from "../../../../../domain/text"
import { changesOf } from "../../../../../store/entitlements"
import { appOf } from "../../../../../work/app"

const found = z.looseObject({ id: z.string() })

/**
 * Answers with one entitlement and all that happened to it, the oldest first.
 *
 * @throws MedusaError NOT_FOUND
 */
export async function answerEntitlement(
  req: AuthenticatedMedusaRequest,
  res: MedusaResponse,
): Promise<void> {
  const id = req.params["id"] ?? ""
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "kobbopay_entitlement",
    fields: req.queryConfig.fields,
    filters: { id },
  })
  if (data[0] === undefined) {
    throw new MedusaError(
      MedusaError.Types.NOT_FOUND,
      `There is no Kobbopay entitlement ${plainLine(id)}`,
    )
  }
  const changes = await changesOf(appOf(req.scope).sql, brandAs<EntitlementId>(id))
  res.setHeader("cache-control", "no-store")
  res.json({
    entitlement: {
      ...found.parse(data[0]),
      history: changes.map(({ id: key, kind, quantity, actor, reason, at, emitted_at }) => ({
        id: key,
        kind,
        quantity,
        actor,
        reason,
        at,
        emitted_at,
      })),
    },
  })
}
