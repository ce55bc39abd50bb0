import type { ExecArgs } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"

/** How Medusa names this plugin's providers: one for each account. */
const OURS = /^pp_kobbopay_/

const regionsShape = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    payment_providers: z
      .array(z.object({ id: z.string() }).nullish())
      .nullish()
      .transform((providers) => (providers ?? []).flatMap((provider) => provider?.id ?? [])),
  }),
)

/**
 * Run by `medusa exec`: takes every Kobbopay provider out of every region, so that no shopper is offered one. Nothing else
 * changes: payments, exceptions and entitlements stay. A second run finds nothing to do.
 */
export default async function uninstall({ container }: ExecArgs): Promise<void> {
  const logger = container.resolve(ContainerRegistrationKeys.LOGGER)
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const link = container.resolve(ContainerRegistrationKeys.LINK)
  const { data } = await query.graph({
    entity: "region",
    fields: ["id", "name", "payment_providers.id"],
  })
  const offers = regionsShape
    .parse(data)
    .flatMap(({ id, name, payment_providers }) =>
      payment_providers
        .filter((provider) => OURS.test(provider))
        .map((provider) => ({ id, name, provider })),
    )
  if (offers.length > 0) {
    await link.dismiss(
      offers.map(({ id, provider }) => ({
        [Modules.REGION]: { region_id: id },
        [Modules.PAYMENT]: { payment_provider_id: provider },
      })),
    )
  }
  for (const { name, provider } of offers) logger.info(`${provider} is out of region ${name}`)
  if (offers.length === 0) logger.info("No region offers Kobbopay.")
}
