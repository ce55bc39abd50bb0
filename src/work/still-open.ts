import { MedusaError } from "@medusajs/framework/utils"
import type { ExceptionId } from "../domain/ids"
import { type ExceptionRow, exceptionById } from "../store/exceptions"
import type { Sql } from "../store/sql"

export const refuse = (message: string): MedusaError =>
  new MedusaError(MedusaError.Types.NOT_ALLOWED, message)

/**
 * The exception that a person decides about.
 *
 * @throws MedusaError NOT_FOUND, CONFLICT when it was closed before
 */
export async function exceptionStillOpen(
  sql: Sql,
  id: ExceptionId,
): Promise<ExceptionRow & { state: "open" }> {
  const found = await exceptionById(sql, id)
  if (found === null) {
    throw new MedusaError(MedusaError.Types.NOT_FOUND, `There is no exception ${id}`)
  }
  if (found.state === "closed") throw closedBefore(found)
  return { ...found, state: "open" }
}

/** The refusal of a decision about an exception that was closed while it was being decided. */
export const closedMeanwhile = async (sql: Sql, id: ExceptionId): Promise<MedusaError> => {
  const found = await exceptionById(sql, id)
  return found === null ? refuse(`Exception ${id} is gone`) : closedBefore(found)
}

const closedBefore = (found: ExceptionRow): MedusaError =>
  new MedusaError(
    MedusaError.Types.CONFLICT,
    found.actor === "kobbopay"
      ? "This exception closed by itself: what it was about is over. Look at the payment again."
      : `This exception was closed already, by ${found.actor ?? "somebody"} as ${found.resolution ?? "resolved"}.`,
  )
