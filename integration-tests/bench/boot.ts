import { execFile } from "node:child_process"
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "../support/free-port"
import { startMedusa } from "../support/medusa-process"
import { median, type Result, spreadOf } from "./figures"
import type { Bench } from "./measure"

const run = promisify(execFile)
const ROOT = join(__dirname, "..", "..")
const NAME = "medusa-payment-kobbopay"

const PROVIDER = `{
  resolve: "${NAME}/providers/kobbopay",
  id: "kobbopay",
  options: {
    profile: "invoice",
    baseUrl: process.env.KOBBOPAY_BASE_URL,
    publicId: "sandbox-public-id",
    privateKey: "sandbox-private-key",
    webhook: { secrets: ["sandbox-webhook-secret"] },
    rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
  },
}`

const config = (withPlugin: boolean) => `
const { defineConfig } = require("@medusajs/framework/utils")
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: { storeCors: "*", adminCors: "*", authCors: "*", jwtSecret: "local", cookieSecret: "local" },
  },
  admin: { disable: true },
  plugins: [${withPlugin ? `"${NAME}"` : ""}],
  modules: [{
    resolve: "@medusajs/medusa/payment",
    options: { providers: [${withPlugin ? PROVIDER : ""}] },
  }],
})`

/** How much of Medusa's boot, from the start of the process to the first answer, is the built plugin's. */
export async function measureBoot({ store, quick, tell }: Bench): Promise<Result[]> {
  tell("Building the plugin")
  await run("npx", ["medusa", "plugin:build"], { cwd: ROOT })
  const sides = {
    with: await storeIn(join(store.home, "with"), true),
    without: await storeIn(join(store.home, "without"), false),
  }
  const times = { with: [] as number[], without: [] as number[] }
  for (let round = -1; round < (quick ? 5 : 10); round++) {
    for (const side of round % 2 === 0
      ? (["with", "without"] as const)
      : (["without", "with"] as const)) {
      const begun = performance.now()
      const medusa = await startMedusa(await freePort(), { ...store.options, cwd: sides[side] })
      const took = performance.now() - begun
      await medusa.stop()
      if (round >= 0) times[side].push(took)
    }
  }
  const shares = times.with.map((all, round) => (all - (times.without[round] ?? 0)) / all)
  const whole = median(times.with)
  const bare = median(times.without)
  return [
    {
      name: "boot",
      value: ((whole - bare) / whole) * 100,
      unit: "%",
      against: null,
      ratio: null,
      spread: spreadOf(shares.map((share) => share * 100)),
      what: `the plugin's share of a boot of ${(whole / 1_000).toFixed(1)} s`,
      to_reach: "≤ 5 %",
    },
  ]
}

/** A store as a merchant has it: installed packages, and the plugin as it is published. */
async function storeIn(folder: string, withPlugin: boolean): Promise<string> {
  const modules = join(folder, "node_modules")
  await mkdir(modules, { recursive: true })
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    await symlink(join(ROOT, "node_modules", name), join(modules, name))
  }
  if (withPlugin) await symlink(ROOT, join(modules, NAME))
  const dependencies = { "@medusajs/medusa": "*", ...(withPlugin ? { [NAME]: "*" } : {}) }
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "store", version: "1.0.0", dependencies }),
  )
  await writeFile(join(folder, "medusa-config.js"), config(withPlugin))
  return folder
}
