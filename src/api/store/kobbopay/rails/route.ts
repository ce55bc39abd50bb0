import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { currenciesOf } from "../../../../kobbopay/rails"
import { kobbopay } from "../../../../work/worker-of"

const query = z.object({
  currency_code: z.string().toLowerCase().optional(),
  provider_id: z.string().optional(),
})

/** What a shopper can pay with: the rails of all accounts, by choice those with a price for a currency. */
export function GET(req: MedusaRequest, res: MedusaResponse): void {
  const asked = query.safeParse(req.query)
  if (!asked.success) {
    throw new MedusaError(MedusaError.Types.INVALID_DATA, z.prettifyError(asked.error))
  }
  const { currency_code, provider_id } = asked.data
  const rails = kobbopay()
    .accounts.filter((account) => provider_id === undefined || account.providerId === provider_id)
    .flatMap((account) =>
      account.options.rails
        .filter((rail) => {
          const currencies = currenciesOf(rail)
          return (
            currency_code === undefined || currencies === null || currencies.includes(currency_code)
          )
        })
        .map((rail) => ({
          id: rail.id,
          provider_id: account.providerId,
          asset: rail.asset,
          network: rail.network,
          label: rail.label,
          decimals: rail.decimals,
        })),
    )
  res.json({ rails })
}
