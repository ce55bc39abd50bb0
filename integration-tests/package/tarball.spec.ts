import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Client } from "pg"
import { z } from "@medusajs/framework/zod"
import { cleanClone, filesOf, pack } from "../support/clean-clone"
import { freePort } from "../support/free-port"
import { packagesImportedBy } from "../support/imports"
import { layOutCode } from "../support/documents"
import { fillStore } from "../support/made-store"
import { runMedusa, startMedusa, type MedusaOptions } from "../support/medusa-process"
import { resolvedIn } from "../support/resolved-in"
import { startPostgres, type Postgres } from "../support/postgres"
import { KOBBOPAY_PROVIDER } from "../support/seeded-store"
import { STORE_TSCONFIG } from "../support/store-tsconfig"

const run = promisify(execFile)
const ROOT = join(__dirname, "..", "..")
const NAME = "medusa-payment-kobbopay"

const packageSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
})

/** By which a store, Medusa, or a merchant's own code reaches into the package. */
const PUBLIC = [
  "package.json",
  "providers/kobbopay",
  "workflows",
  "types",
  "modules/kobbopay",
  ".medusa/server/src/modules/kobbopay",
  "admin",
]

/** Medusa's own, which every store has. */
const OTHER_PROVIDER = "pp_system_default"

jest.setTimeout(300_000)

/** A store as a merchant writes it: the plugin by its name, the provider beside the existing ones. */
const STORE_CONFIG = `
import { defineConfig } from "@medusajs/framework/utils"
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: { storeCors: "*", adminCors: "*", authCors: "*", jwtSecret: "local", cookieSecret: "local" },
  },
  admin: { disable: true },
  plugins: ["${NAME}"],
  modules: [
    {
      resolve: "@medusajs/medusa/payment",
      options: {
        providers: [
          {
            resolve: "${NAME}/providers/kobbopay",
            id: "kobbopay",
            options: {
              profile: "invoice",
              baseUrl: "http://localhost:4500",
              publicId: "sandbox-public-id",
              privateKey: "sandbox-private-key",
              webhook: { secrets: [process.env.KOBBOPAY_WEBHOOK_SECRET] },
              rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
            },
          },
        ],
      },
    },
  ],
})
`

describe("the packed plugin", () => {
  let home: string
  let files: string[]
  let store: string

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "kobbopay-package-"))
    const clone = join(home, "clone")
    await cleanClone(clone)
    const tarball = await pack(clone, home)
    files = await filesOf(tarball)
    store = await storeWith(tarball)
  })

  afterAll(() => rm(home, { recursive: true, force: true }))

  /** A store whose installed packages are those of this repository, and the plugin from its tarball. */
  async function storeWith(tarball: string): Promise<string> {
    const folder = join(home, "store")
    const modules = join(folder, "node_modules")
    await mkdir(join(modules, NAME), { recursive: true })
    for (const name of await readdir(join(ROOT, "node_modules"))) {
      await symlink(join(ROOT, "node_modules", name), join(modules, name))
    }
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, NAME)])
    await writeFile(
      join(folder, "package.json"),
      JSON.stringify({
        name: "store",
        version: "1.0.0",
        dependencies: { "@medusajs/medusa": "*", [NAME]: "*" },
      }),
    )
    await writeFile(join(folder, "medusa-config.ts"), STORE_CONFIG)
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(STORE_TSCONFIG))
    return folder
  }

  test("is built when it is packed, also from a clean clone, and holds what a store needs and nothing else", () => {
    for (const needed of [
      "package.json",
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
      "docs/options.md",
      ".medusa/server/src/types/index.d.ts",
      ".medusa/server/src/providers/kobbopay/index.js",
      ".medusa/server/src/modules/kobbopay/index.js",
      ".medusa/server/src/api/hooks/kobbopay/route.js",
      ".medusa/server/src/admin/index.mjs",
      ".medusa/server/src/sandbox/bin.js",
      ".medusa/server/src/scripts/uninstall.js",
    ]) {
      expect(files).toContain(needed)
    }
    expect(
      files.some((file) => /modules\/kobbopay\/migrations\/Migration\d+\.js$/.test(file)),
    ).toBe(true)
    expect(
      files.filter((file) => /__tests__|\.spec\.|integration-tests|medusa-config|\.env/.test(file)),
    ).toEqual([])
  })

  describe("in the dashboard", () => {
    const built = (file: string) =>
      join(store, "node_modules", NAME, ".medusa/server/src/admin", file)

    test("imports nothing that the package does not declare", async () => {
      const { dependencies, peerDependencies } = packageSchema.parse(
        JSON.parse(await readFile(join(store, "node_modules", NAME, "package.json"), "utf8")),
      )
      const declared = Object.keys({ ...dependencies, ...peerDependencies })
      for (const file of ["index.mjs", "index.js"]) {
        const imported = packagesImportedBy(await readFile(built(file), "utf8"))
        expect(imported).toContain("react")
        expect(imported.filter((name) => !declared.includes(name))).toEqual([])
      }
    })

    test("shows its section whichever packages the dashboard has around it", async () => {
      const page = `
        const React = require("react")
        const { renderToString } = require("react-dom/server")
        const plugin = require(${JSON.stringify(built("index.js"))})
        const [{ Component }] = plugin.widgetModule.widgets
        console.log(renderToString(React.createElement(Component, { data: { id: "order_1" } })))
      `
      const { stdout } = await run(process.execPath, ["-e", page], { cwd: store })
      expect(stdout).toContain("Crypto payment")
    })
  })

  test("can be asked for what is public, and for nothing else", async () => {
    const inner = ["runtime", "store/ledger", "work/app"]
    const outcomes = await resolvedIn(store, NAME, [...PUBLIC, ...inner])
    expect(outcomes).toEqual([
      ...PUBLIC.map(() => "found"),
      ...inner.map(() => "ERR_PACKAGE_PATH_NOT_EXPORTED"),
    ])
  })

  test("brings documents whose code compiles as it is copied", async () => {
    const folder = join(store, "documents")
    const files = await layOutCode(join(store, "node_modules", NAME), folder)
    expect(files.length).toBeGreaterThanOrEqual(8)
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../tsconfig.json",
        compilerOptions: { noEmit: true, strict: true, isolatedModules: true, rootDir: "." },
        include: ["**/*"],
      }),
    )
    const tsc = join(store, "node_modules", "typescript", "bin", "tsc")
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch(
      (refused: { stdout: string }) => refused,
    )
    await rm(folder, { recursive: true })
    expect(stdout).toBe("")
  })

  test("has a sandbox that tells how it is used", async () => {
    const bin = join(store, "node_modules", NAME, ".medusa/server/src/sandbox/bin.js")
    const { stdout } = await run(process.execPath, [bin, "--help"], { cwd: store })
    expect(stdout).toContain("sandbox")
    expect(stdout).toContain("--webhook-url")
  })

  describe("in a store", () => {
    let postgres: Postgres
    let options: MedusaOptions

    beforeAll(async () => {
      postgres = await startPostgres({ durable: false })
      options = {
        cwd: store,
        logFile: join(home, "medusa.log"),
        env: {
          NODE_ENV: "production",
          DATABASE_URL: await postgres.createDatabase("packed"),
          KOBBOPAY_WEBHOOK_SECRET: "sandbox-webhook-secret",
        },
      }
      await runMedusa(["db:migrate", "--execute-safe-links", "--execute-safe-search"], options)
    })

    afterAll(() => postgres.stop())

    /** As the README says: in the store's folder while it is developed, and where the build put it afterwards. */
    const develop = (port: number) =>
      startMedusa(port, {
        ...options,
        command: "develop",
        env: { ...options.env, NODE_ENV: "development" },
      })
    const buildAndStart = async (port: number) => {
      await runMedusa(["build"], options)
      return startMedusa(port, { ...options, cwd: join(store, ".medusa", "server") })
    }

    test.each([
      ["developed", develop],
      ["built and started", buildAndStart],
    ])("takes webhooks when the store is %s", async (_how, start) => {
      const medusa = await start(await freePort())
      try {
        const hook = `${medusa.url}/hooks/kobbopay`
        expect((await fetch(hook)).status).toBe(405)
        const forged = await fetch(hook, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        })
        expect(forged.status).toBe(401)
        expect(await forged.text()).toBe("")
      } finally {
        await medusa.stop()
      }
    })

    test("is taken out of every region by one command, which may be repeated", async () => {
      const database = new Client(options.env["DATABASE_URL"])
      await database.connect()
      const offered = async (): Promise<string[]> => {
        const { rows } = await database.query<{ provider: string }>(
          "SELECT payment_provider_id AS provider FROM region_payment_provider WHERE deleted_at IS NULL",
        )
        return rows.map(({ provider }) => provider)
      }
      const script = `./node_modules/${NAME}/.medusa/server/src/scripts/uninstall.js`
      try {
        // By the repository's own store, on the same database.
        await fillStore(
          { logFile: options.logFile, env: { ...options.env, MEDUSA_ADMIN_DISABLED: "true" } },
          { paymentProviders: [KOBBOPAY_PROVIDER, OTHER_PROVIDER] },
        )
        const before = await offered()
        expect(new Set(before)).toEqual(new Set([KOBBOPAY_PROVIDER, OTHER_PROVIDER]))
        await runMedusa(["exec", script], options)
        const kept = before.filter((provider) => provider === OTHER_PROVIDER)
        expect(await offered()).toEqual(kept)
        await runMedusa(["exec", script], options)
        expect(await offered()).toEqual(kept)
        expect(await readFile(options.logFile, "utf8")).toContain("No region offers Kobbopay.")
      } finally {
        await database.end()
      }
    })

    test("does not boot on bad options, and names every fault without its value", async () => {
      const secret = " surrounded-by-spaces "
      await expect(
        startMedusa(await freePort(), {
          ...options,
          env: { ...options.env, KOBBOPAY_WEBHOOK_SECRET: secret },
        }),
      ).rejects.toThrow(/webhook\.secrets/)
    })
  })
})
