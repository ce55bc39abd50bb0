import { writeFile } from "node:fs/promises"
import type { ExecArgs } from "@medusajs/framework/types"
import { seedStore } from "../support/seed"
import { KOBBOPAY_PROVIDER } from "../support/seeded-store"

const STOCK = 1_000_000

/** Run by `medusa exec`: fills the store, and writes what it made as JSON to the file named by the first argument. */
export default async function prepare({ container, args: [answerFile] }: ExecArgs): Promise<void> {
  if (answerFile === undefined) {
    throw new Error("usage: medusa exec prepare.ts <file to write the ids to>")
  }
  const store = await seedStore(container, {
    paymentProviders: [KOBBOPAY_PROVIDER, "pp_plain_plain"],
    stock: STOCK,
  })
  await writeFile(answerFile, JSON.stringify(store))
}
