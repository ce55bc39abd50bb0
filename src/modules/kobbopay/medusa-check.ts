import type { Logger } from "@medusajs/framework/types"
import { brandAs, type CollectionId } from "../../domain/ids"
import { errorText } from "../../store/error-text"
import { viewOf } from "../../store/medusa-view"
import type { Sql } from "../../store/sql"

const NO_COLLECTION = brandAs<CollectionId>("none")

/**
 * Tells at boot when Medusa's tables are not as the worker reads them: after an update of Medusa nothing
 * would settle, and that must not be found out by the first payment. Never throws.
 */
export async function checkMedusa(deps: { sql: Sql; log: Pick<Logger, "error"> }): Promise<void> {
  try {
    await viewOf(deps.sql, NO_COLLECTION)
  } catch (cause) {
    deps.log.error(
      `kobbopay: Medusa's tables cannot be read, so no payment can settle. If "npx medusa db:migrate" was run, this version of Medusa needs another version of the plugin: ${errorText(cause)}`,
    )
  }
}
