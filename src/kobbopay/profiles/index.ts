import type { Account } from "../options"
import { docsProfile } from "./docs"
import { invoiceProfile } from "./invoice"
import type { Profile } from "./profile"

export type { ApiRequest, Ask, CreatedPayment, PaymentToCreate, Profile } from "./profile"

/** The contract an account speaks, with what its approved environment names differently. */
export const profileOf = ({ options }: Pick<Account, "options">): Profile =>
  options.profile === "docs" ? docsProfile(options) : invoiceProfile(options)
