import type { MedusaNextFunction, MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { MedusaError } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { isStorableThroughout } from "../domain/text"

const TOKEN_PATH = /^\/store\/kobbopay\/payments\//i

const ours = z.object({ provider_id: z.string().startsWith("pp_kobbopay_") })

/** Medusa reads `a.b` as a filter inside a filter, and fails at a deeper one as if the fault were the store's. */
const DEEP_KEY = /\..*\./s

/**
 * Refuses a request with text in its path, query or body that a database would refuse in the middle of the
 * work, or store as another text. One place for all routes, in front of them.
 *
 * @throws MedusaError INVALID_DATA, naming where it is, also for a parameter of the query that can be no filter
 */
export function refuseUnstorable(
  req: MedusaRequest,
  _res: MedusaResponse,
  next: MedusaNextFunction,
): void {
  const [path = ""] = req.originalUrl.split("?")
  // A token in a path is looked for by its pattern alone, and what has another is merely not found.
  const ids = TOKEN_PATH.test(path) ? "" : decoded(path)
  const parts = { path: ids, query: req.query, body: req.body }
  const faulty = Object.entries(parts).find(([, part]) => !isStorableThroughout(part))
  if (faulty !== undefined) {
    throw new MedusaError(
      MedusaError.Types.INVALID_DATA,
      `The ${faulty[0]} of this request holds a NUL or a broken character: send it without`,
    )
  }
  if (Object.keys(req.query).some((key) => DEEP_KEY.test(key))) {
    throw new MedusaError(
      MedusaError.Types.INVALID_DATA,
      "The query of this request has a parameter with several dots in its name: send it without",
    )
  }
  next()
}

/** {@link refuseUnstorable} for what a shopper sends with a payment session of one of the accounts. */
export function refuseUnstorableSession(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction,
): void {
  if (ours.safeParse(req.body).success) refuseUnstorable(req, res, next)
  else next()
}

/** Half a character, where the path is not valid UTF-8 at all. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return "\ud800"
  }
}
