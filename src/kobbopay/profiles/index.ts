import type { Account } from "../options"
import { docsProfile } from "./docs"
import { invoiceProfile } from "./invoice"
import type { Profile } from "./profile"

export type { ApiRequest, Ask, CreatedPayment, PaymentToCreate, Profile } from "./profile"

const profiles = new WeakMap<Account["options"], Profile>()

/** The contract an account speaks, with what its approved environment names differently. Made once. */
export function profileOf({ options }: Pick<Account, "options">): Profile {
  const known = profiles.get(options)
  if (known !== undefined) return known
  const made = options.profile === "docs" ? docsProfile(options) : invoiceProfile(options)
  profiles.set(options, made)
  return made
}
