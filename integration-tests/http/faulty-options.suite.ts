import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { KobbopayProviderService } from "../../src/providers/kobbopay/service"
import { freePort } from "../support/free-port"
import { startMedusa } from "../support/medusa-process"
import { storeSuite } from "../support/store-suite"

storeSuite("faulty options", (world) => {
  test("a store with faulty options does not boot, and its log names every fault and no secret", async () => {
    const faulty = [
      { id: "kobbopay", options: { profile: "docs", baseUrl: "not a url", rails: [], colour: 1 } },
      { id: "second", options: { profile: "paper", webhook: { secrets: ["hush-hush-hush"] } } },
    ]
    expect(() => KobbopayProviderService.validateOptions(faulty[0]?.options ?? {})).toThrow(
      /baseUrl[^]*apiKey[^]*rails|rails[^]*baseUrl|baseUrl[^]*rails/,
    )
    const { projectConfig } = world().container.resolve(ContainerRegistrationKeys.CONFIG_MODULE)
    const folder = await mkdtemp(join(tmpdir(), "kobbopay-boot-"))
    const logFile = join(folder, "store.log")
    const env = {
      DATABASE_URL: String(projectConfig.databaseUrl),
      KOBBOPAY_ACCOUNTS: JSON.stringify(faulty),
    }
    try {
      const started = startMedusa(await freePort(), { env, logFile }).then((store) => store.kill())
      await expect(started).rejects.toThrow(/ended while it started/)
      const log = await readFile(logFile, "utf8")
      for (const key of ["baseUrl", "apiKey", "webhook", "rails", "colour", "profile"]) {
        expect(log).toContain(key)
      }
      expect(log).not.toContain("hush-hush-hush")
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
