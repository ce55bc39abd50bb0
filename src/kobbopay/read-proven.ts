import type { KobbopayId } from "../domain/ids"
import type { KnownTransfer } from "../domain/observation"
import type { Reading } from "../domain/reading"
import type { KobbopayClient } from "./client"
import { mustBeProven } from "./environment"
import { KobbopayError } from "./errors"
import type { Account } from "./options"
import type { Rail } from "./rails"

/** The worker comes back by itself, and a shopper asks again, so one read need not try for long. */
const READ_ATTEMPTS = 2

/** What of a payment its answer is proven by, and the transfers that earlier reads reported. */
type Known = Parameters<typeof mustBeProven>[0] & { transfers: readonly KnownTransfer[] }

/**
 * Reads a payment through its account, and proves that the answer is about it. Why there is no such answer is
 * returned, not thrown: a failed read moves nothing, and each caller goes on in its own way.
 */
export async function readProven(
  { client, account }: { client: KobbopayClient; account: Account },
  id: KobbopayId,
  rail: Rail,
  payment: Known,
): Promise<Reading | KobbopayError> {
  try {
    const reading = await client.read(id, rail, {
      attempts: READ_ATTEMPTS,
      known: payment.transfers,
    })
    mustBeProven(payment, account, reading)
    return reading
  } catch (cause) {
    if (cause instanceof KobbopayError) return cause
    throw cause
  }
}
