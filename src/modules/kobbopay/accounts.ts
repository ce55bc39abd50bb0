import type { ConfigModule } from "@medusajs/framework/types"
import {
  dynamicImport,
  Modules,
  normalizeImportPathWithSource,
  resolveFromProject,
} from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { parseAccounts, type Account } from "../../kobbopay/options"

/** The identifier by which the provider entries of this plugin are recognised. */
export const PROVIDER_IDENTIFIER = "kobbopay"

const providerEntry = z.looseObject({
  resolve: z.unknown(),
  id: z.string().optional(),
  options: z.unknown(),
})
const paymentModule = z.looseObject({
  options: z.looseObject({ providers: z.array(providerEntry).default([]) }).optional(),
})
const providerModule = z.looseObject({ services: z.array(z.unknown()) })

/**
 * Reads the accounts from where the merchant wrote them: the provider entries of the payment module.
 * Recognised by the provider's identifier, however `resolve` is written.
 * @throws {OptionsError} with all faults of all accounts
 */
export async function accountsFromConfig(
  config: Pick<ConfigModule, "modules">,
): Promise<Account[]> {
  const declared = paymentModule.safeParse(config.modules?.[Modules.PAYMENT])
  const entries = declared.data?.options?.providers ?? []
  const ours: { id: string; options: unknown }[] = []
  for (const entry of entries) {
    if (await isOurs(entry.resolve)) ours.push({ id: entry.id ?? "", options: entry.options })
  }
  return parseAccounts(ours)
}

async function isOurs(resolve: unknown): Promise<boolean> {
  const parsed = providerModule.safeParse(await load(resolve))
  return (parsed.data?.services ?? []).some(
    (service) =>
      typeof service === "function" &&
      "identifier" in service &&
      service.identifier === PROVIDER_IDENTIFIER,
  )
}

async function load(resolve: unknown): Promise<unknown> {
  if (typeof resolve !== "string") return resolve
  try {
    const path = resolveFromProject(normalizeImportPathWithSource(resolve))
    const loaded: unknown = await dynamicImport(path)
    return z.looseObject({ default: z.unknown() }).safeParse(loaded).data?.default ?? loaded
  } catch {
    // An entry that cannot be loaded is not ours to report: the payment module does, by its name.
    return null
  }
}
