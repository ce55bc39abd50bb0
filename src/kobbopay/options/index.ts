import { z } from "@medusajs/framework/zod"
import { brandAs, type AccountId, type ProviderId } from "../../domain/ids"
import { faultsOf } from "./faults"
import { accountOptionsSchema, type AccountOptions } from "./schema"

export { accountOptionsSchema } from "./schema"
export type { AccountOptions, AccountOptionsInput, DocsOptions, InvoiceOptions } from "./schema"
export type { WebhookOptions } from "./webhook"

/** One Kobbopay merchant account: one provider entry in the store's config. */
export type Account = {
  id: AccountId
  providerId: ProviderId
  options: AccountOptions
}

/** Options that cannot be used. Names every fault at once, and no value: any value may be a secret. */
export class OptionsError extends Error {
  override readonly name = "OptionsError"

  constructor(readonly faults: string[]) {
    super(`The options of medusa-payment-kobbopay are faulty:\n- ${faults.join("\n- ")}`)
  }
}

/**
 * Checks and completes the options of one account.
 * @throws {OptionsError} with all faults, each "key: what is wrong; the fix"
 */
export function parseAccountOptions(raw: unknown): AccountOptions {
  const parsed = accountOptionsSchema.safeParse(raw)
  if (!parsed.success) throw new OptionsError(faultsOf(parsed.error))
  return parsed.data
}

/** Every secret of an account, so that text from outside can be cleaned of them. */
export const secretsOf = (options: AccountOptions): string[] => [
  ...(options.profile === "docs" ? [options.apiKey] : [options.publicId, options.privateKey]),
  ...options.webhook.secrets,
]

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
const withSecrets = z.object({ webhook: z.object({ secrets: z.array(z.string()) }) })

/**
 * Checks all accounts of a store together. Two may share neither an id nor a webhook secret: the
 * secret that matches a webhook tells whose it is.
 * @throws {OptionsError} with all faults of all accounts
 */
export function parseAccounts(entries: { id: string; options: unknown }[]): Account[] {
  const faults: string[] = []
  const accounts: Account[] = []
  const ids = new Set<string>()
  const ownerOf = new Map<string, string>()
  for (const { id, options } of entries) {
    const parsed = accountOptionsSchema.safeParse(options)
    if (parsed.success) {
      const providerId = brandAs<ProviderId>(`pp_kobbopay_${id}`)
      accounts.push({ id: brandAs<AccountId>(id), providerId, options: parsed.data })
    } else {
      faults.push(...faultsOf(parsed.error).map((fault) => `account "${id}": ${fault}`))
    }
    if (!ID.test(id)) faults.push(`account "${id}": id: is not an id; use letters, digits, - and _`)
    if (ids.has(id)) faults.push(`account "${id}": id: is used twice; give each account its own`)
    ids.add(id)
    // Read from what was written, so that a shared secret shows beside an account's other faults.
    const secrets = withSecrets.safeParse(options).data?.webhook.secrets ?? []
    for (const owner of new Set(secrets.map((secret) => ownerOf.get(secret)))) {
      if (owner === undefined || owner === id) continue
      faults.push(
        `account "${id}": webhook.secrets: shares a secret with account "${owner}"; ` +
          "give each account its own, for the secret tells whose a webhook is",
      )
    }
    for (const secret of secrets) ownerOf.set(secret, ownerOf.get(secret) ?? id)
  }
  if (faults.length > 0) throw new OptionsError(faults)
  return accounts
}
