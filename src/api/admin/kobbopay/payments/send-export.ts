import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { errorText } from "../../../../store/error-text"
import type { KeptPayment } from "../../../../store/payment-export"
import type { Sheet } from "./validators"
import { exportText, type Format, type Kind } from "./export-payment"

const TYPES: Record<Format, string> = {
  csv: "text/csv; charset=utf-8; header=present",
  json: "application/json; charset=utf-8",
}

/**
 * Streams an export as a file, as fast as it is taken. One that breaks off ends its connection, so that
 * half a file is not taken for a whole one.
 */
export async function sendExport(
  req: MedusaRequest,
  res: MedusaResponse,
  payments: AsyncIterable<KeptPayment>,
  file: { format: Format; kind: Kind; sheet: Sheet; name: string },
): Promise<void> {
  // Asked before anything is answered: what fails at once is an error, not half a file.
  const begun = await begin(payments)
  res.setHeader("content-type", TYPES[file.format])
  res.setHeader("content-disposition", `attachment; filename="${file.name}.${file.format}"`)
  res.setHeader("cache-control", "no-store")
  try {
    await pipeline(Readable.from(exportText(begun, file)), res)
  } catch (cause) {
    const log = req.scope.resolve(ContainerRegistrationKeys.LOGGER)
    log.warn(`kobbopay: an export of ${file.kind} broke off: ${errorText(cause)}`)
    res.destroy()
  }
}

/** The same, once its first one is there. */
async function begin<T>(all: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const left = all[Symbol.asyncIterator]()
  const first = await left.next()
  return (async function* () {
    if (first.done === true) return
    yield first.value
    for (let next = await left.next(); next.done !== true; next = await left.next())
      yield next.value
  })()
}
