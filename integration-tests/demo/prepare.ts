import { writeFile } from "node:fs/promises"
import type { ExecArgs } from "@medusajs/framework/types"
import { z } from "@medusajs/framework/zod"
import { seedStore } from "../support/seed"
import { ADMIN } from "./admin"

const optionsSchema = z.object({ paymentProviders: z.array(z.string()), stock: z.int() }).partial()

/**
 * Run by `medusa exec`: fills the store, and writes what it made as JSON to the file named by the first argument. The second may
 * name payment providers and stock, as JSON.
 */
export default async function prepare({
  container,
  args: [answerFile, options = "{}"],
}: ExecArgs): Promise<void> {
  if (answerFile === undefined) {
    throw new Error("usage: medusa exec prepare.ts <file to write the ids to> [options as JSON]")
  }
  const { paymentProviders, stock } = optionsSchema.parse(JSON.parse(options))
  const store = await seedStore(container, {
    admin: ADMIN,
    ...(paymentProviders === undefined ? {} : { paymentProviders }),
    ...(stock === undefined ? {} : { stock }),
  })
  await writeFile(answerFile, JSON.stringify(store))
}
