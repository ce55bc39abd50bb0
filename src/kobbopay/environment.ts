import { createHash } from "node:crypto"
import { brandAs, type Environment, type Reference } from "../domain/ids"
import { KobbopayError } from "./errors"
import type { Account } from "./options"
import type { Reading } from "../domain/reading"

const LENGTH = 16

/**
 * A mark of what an account speaks to: contract, address and merchant. A payment remembers the one it was
 * created under, so that it shows when the account is pointed somewhere else while the payment is open. A
 * truncated hash: no key can be read from it.
 */
export function environmentOf({ options }: Pick<Account, "options">): Environment {
  const merchant = options.profile === "docs" ? options.apiKey : options.publicId
  const parts = JSON.stringify([options.profile, options.baseUrl, merchant])
  return brandAs<Environment>(createHash("sha256").update(parts).digest("hex").slice(0, LENGTH))
}

/**
 * An answer under options that speak to another environment than the payment was made in counts only if it
 * carries our own reference: ids may mean something else there. Until then it is as good as no answer.
 *
 * @throws {KobbopayError} `invalid_answer`
 */
export function mustBeProven(
  payment: { environment: Environment | null; reference: Reference },
  account: Pick<Account, "options">,
  reading: Pick<Reading, "reference">,
): void {
  const isSame = payment.environment === null || payment.environment === environmentOf(account)
  if (isSame || reading.reference === payment.reference) return
  throw new KobbopayError(
    "invalid_answer",
    "The account speaks to another environment than this payment was made in, and the answer does not carry the payment's reference; put the old options back until its payments have ended",
    { field: "reference" },
  )
}
