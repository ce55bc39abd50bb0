import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type MedusaOptions, runMedusa } from "./medusa-process"
import type { SeedOptions } from "./seed"
import { type SeededStore, seededStoreSchema } from "./seeded-store"

const PREPARE = join(__dirname, "..", "demo", "prepare.ts")

/** Makes the tables of a store that runs in processes of its own. */
export const migrateStore = (medusa: MedusaOptions): Promise<void> =>
  runMedusa(["db:migrate", "--execute-safe-links", "--execute-safe-search"], medusa)

/** Fills a migrated store: products, stock, shipping, and the demo's admin. */
export async function fillStore(
  medusa: MedusaOptions,
  options: Pick<SeedOptions, "paymentProviders" | "stock"> = {},
): Promise<SeededStore> {
  const folder = await mkdtemp(join(tmpdir(), "kobbopay-store-"))
  try {
    const answer = join(folder, "store.json")
    await runMedusa(["exec", PREPARE, answer, JSON.stringify(options)], medusa)
    return seededStoreSchema.parse(JSON.parse(await readFile(answer, "utf8")))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
