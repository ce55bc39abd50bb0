import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { chromium, type Page } from "playwright-core"
import { z } from "@medusajs/framework/zod"
import { ADMIN } from "../demo/admin"
import { cleanClone, pack } from "../support/clean-clone"
import { freePort } from "../support/free-port"
import { runMedusa, startMedusa, type MedusaOptions } from "../support/medusa-process"
import { Shopper } from "../support/shopper"
import { Started } from "../support/started"
import { STORE_TSCONFIG } from "../support/store-tsconfig"
import { storeHome } from "../support/store-home"

// The packed plugin in the admin of a store inside npm workspaces, where the storefront brings another copy of a package that
// the dashboard uses. Installs a whole store, so it takes some minutes and a registry. Needs a Chromium.
//   npm run test:package-browser [-- <folder of a workspace that is already installed>]

const run = promisify(execFile)
const ROOT = join(__dirname, "..", "..")
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium"
const SHOWN_WITHIN_MS = 60_000
const BROKEN = "This section could not be shown. The rest of the page is not affected."

const manifest = z.object({
  devDependencies: z.record(z.string(), z.string()),
  overrides: z.record(z.string(), z.string()),
})

const CONFIG = `
import { defineConfig } from "@medusajs/framework/utils"
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: { storeCors: "*", adminCors: "*", authCors: "*", jwtSecret: "local-only-jwt-secret", cookieSecret: "local" },
    cookieOptions: { secure: false, sameSite: "lax" },
  },
  plugins: ["medusa-payment-kobbopay"],
  modules: [
    {
      resolve: "@medusajs/medusa/payment",
      options: {
        providers: [
          {
            resolve: "medusa-payment-kobbopay/providers/kobbopay",
            id: "kobbopay",
            options: {
              profile: "invoice",
              baseUrl: process.env.KOBBOPAY_BASE_URL,
              publicId: "sandbox-public-id",
              privateKey: "sandbox-private-key",
              webhook: { secrets: ["sandbox-webhook-secret"] },
              rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
            },
          },
        ],
      },
    },
  ],
})
`

/** Installs the workspace: the storefront's newer react-query goes to the top, the dashboard keeps its own below. */
async function installWorkspace(folder: string, tarball: string): Promise<void> {
  const { devDependencies: ours, overrides } = manifest.parse(
    JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")),
  )
  const likeOurs = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, ours[name] ?? "*"]))
  const write = async (path: string, content: object) => {
    await mkdir(join(folder, path), { recursive: true })
    await writeFile(
      join(folder, path, "package.json"),
      JSON.stringify({ version: "1.0.0", private: true, ...content }),
    )
  }
  await write(".", {
    name: "shop",
    workspaces: ["apps/*"],
    overrides: { ...overrides, ...likeOurs("@swc/core") },
  })
  await write("apps/storefront", {
    name: "storefront",
    dependencies: { "@tanstack/react-query": "^5.90.0" },
  })
  await write("apps/backend", {
    name: "backend",
    dependencies: {
      ...likeOurs("@medusajs/admin-sdk", "@medusajs/cli", "@medusajs/framework"),
      ...likeOurs("@medusajs/medusa", "react", "react-dom", "vite"),
      "medusa-payment-kobbopay": `file:${tarball}`,
    },
  })
  await run("npm", ["install"], { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
}

const versionAt = async (folder: string): Promise<string> =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(folder, "@tanstack/react-query/package.json"), "utf8")))
    .version

async function checkPage(page: Page, url: string, order: string, shown: string): Promise<void> {
  await page.goto(`${url}/app/orders/${order}`)
  await page.getByText(shown).first().waitFor({ timeout: SHOWN_WITHIN_MS })
  // Medusa's own part of the page.
  await page.getByRole("heading", { name: "Summary" }).waitFor({ timeout: SHOWN_WITHIN_MS })
}

async function main(started: Started, installed: string | undefined): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "kobbopay-browser-"))
  started.add(() => rm(home, { recursive: true, force: true }))
  const workspace = installed ?? join(home, "shop")
  if (installed === undefined) {
    console.log("Packing a clean clone, and installing a workspace with it")
    await cleanClone(join(home, "clone"))
    await installWorkspace(workspace, await pack(join(home, "clone"), home))
  }
  const modules = join(workspace, "node_modules")
  const hoisted = await versionAt(modules)
  const dashboards = await versionAt(join(modules, "@medusajs/dashboard/node_modules"))
  console.log(`react-query: ${hoisted} at the top, ${dashboards} in the dashboard`)
  if (hoisted === dashboards) throw new Error("this workspace has one copy only: nothing is shown")

  console.log("An order in a store's database")
  const store = await storeHome("browser")
  started.add(() => store.close())
  const backend = join(workspace, "apps", "backend")
  await writeFile(join(backend, "medusa-config.ts"), CONFIG)
  await writeFile(join(backend, "tsconfig.json"), JSON.stringify(STORE_TSCONFIG))
  const first = await startMedusa(await freePort(), store.options)
  const { order, session } = await new Shopper(first.url, store.store)
    .buy({ product: store.store.digital, rail: "usdt-tron" })
    .finally(() => first.stop())

  console.log("Building the store of the workspace, and starting it")
  const options: MedusaOptions = {
    cwd: backend,
    logFile: join(home, "backend.log"),
    env: {
      NODE_ENV: "production",
      DATABASE_URL: store.databaseUrl,
      KOBBOPAY_BASE_URL: store.sandbox.url,
    },
  }
  await runMedusa(["build"], options)
  const medusa = await startMedusa(await freePort(), {
    ...options,
    cwd: join(backend, ".medusa", "server"),
  })
  started.add(() => medusa.stop())

  console.log("The order's page, in Chromium")
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] })
  started.add(() => browser.close())
  const page = await browser.newPage()
  const printed: string[] = []
  page.on("console", (message) => printed.push(message.text()))
  await page.goto(`${medusa.url}/app/login`)
  await page.getByPlaceholder("Email").fill(ADMIN.email)
  await page.getByPlaceholder("Password").fill(ADMIN.password)
  await page
    .getByRole("button", { name: /continue|log in|sign in/i })
    .first()
    .click()
  await page.waitForURL(/\/app\/(?!login)/)
  await checkPage(page, medusa.url, order.id, "Awaiting payment")
  await shoot(page, "order")
  console.log("The order's page has its section")

  store.sandbox.control.setWebhook({ url: `${medusa.url}/hooks/kobbopay` })
  store.sandbox.control.pay(session.kobbopay_id, { amount: session.amount, confirm: true })
  await settleInPage(page, session.amount)
  console.log("The section follows the payment, and records a refund")

  // A fault in the middle of showing our section: nothing else on the page formats times so.
  await page.addInitScript(() => {
    const whole = Intl.DateTimeFormat
    Intl.DateTimeFormat = new Proxy(whole, {
      construct(target, [locale, how]: [string, Intl.DateTimeFormatOptions | undefined]) {
        if (how?.dateStyle === "medium" && how.timeStyle === "short") throw new Error("a fault")
        return new target(locale, how)
      },
    })
  })
  await checkPage(page, medusa.url, order.id, BROKEN)
  await shoot(page, "fault")
  if (!printed.some((line) => line.includes("medusa-payment-kobbopay: a section"))) {
    throw new Error("the fault was not logged on the console")
  }
  console.log(
    "A fault of the section leaves the rest of the page standing, and is logged on the console",
  )
}

/** Sees the money arrive without loading the page again, and records that it was sent back. */
async function settleInPage(page: Page, amount: string): Promise<void> {
  const see = (text: string | RegExp) =>
    page.getByText(text).first().waitFor({ timeout: SHOWN_WITHIN_MS })
  await see("Confirmed by Kobbopay and captured.")
  await see("The payment has changed.")
  await shoot(page, "captured")
  await page
    .getByRole("button", { name: /Record a refund/ })
    .first()
    .click()
  const form = page.getByRole("dialog")
  await form.getByLabel(/Amount sent back/).fill("0,5")
  await see(/write digits with a point/)
  await form.getByLabel(/Amount sent back/).fill(amount)
  await form.getByLabel(/hash|transaction/i).fill(`0x${"ab".repeat(32)}`)
  await form.getByRole("button", { name: /Record/ }).click()
  await see("All the money that arrived was sent back.")
  await shoot(page, "refunded")
}

/** Keeps a picture of the page where `SCREENSHOTS` names a folder. */
async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"]
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) })
}

const started = new Started()
void main(started, process.argv[2])
  .catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
  .finally(() => started.stop())
