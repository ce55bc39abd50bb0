import { createHash } from "node:crypto"
import { brandAs, type Environment } from "./ids"
import type { Account } from "./options"

const LENGTH = 16

/**
 * A mark of what an account speaks to: contract, address and merchant. A payment remembers the one it was
 * created under, so that it shows when the account is pointed somewhere else while the payment is open. A
 * truncated hash: no key can be read from it.
 */
export function environmentOf({ options }: Pick<Account, "options">): Environment {
  const merchant = options.profile === "docs" ? options.apiKey : options.publicId
  const told = JSON.stringify([options.profile, options.baseUrl, merchant])
  return brandAs<Environment>(createHash("sha256").update(told).digest("hex").slice(0, LENGTH))
}
