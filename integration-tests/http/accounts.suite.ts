import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { parseAccounts, type Account } from "../../src/kobbopay/options"
import { checkAccounts } from "../../src/modules/kobbopay/account-check"
import { reconcileWorkflow } from "../../src/workflows"
import { booksBecome, capturedFor } from "../support/books"
import { exceptionsIn } from "../support/exceptions"
import { freePort } from "../support/free-port"
import { startMedusa } from "../support/medusa-process"
import { DOCS, INVOICE, SECRETS } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"
import { logged } from "../support/webhook"

storeSuite("accounts and secrets", (world) => {
  const { paymentOf } = exceptionsIn(world)
  const sandbox = () => world().sandbox.control
  const buy = (rail = "usdt-tron", provider = INVOICE) =>
    world().shopper.buy({ product: world().store.digital, rail, provider })

  describe("a change of the accounts' options", () => {
    const exceptions = () =>
      world().rows(
        `SELECT subject_id, state, observed->>'reason' AS reason, observed->>'payments' AS payments
           FROM kobbopay_exception WHERE class = 'account_changed' ORDER BY subject_id, opened_at`,
      )
    const check = async (accounts: readonly Account[]) => {
      const lines: string[] = []
      const tell = (line: unknown) => lines.push(String(line))
      await checkAccounts({
        sql: world().service.sql,
        accounts,
        now: () => new Date(),
        log: { warn: tell },
      })
      return lines
    }
    const configured = () => world().service.accounts
    const without = (id: string) => configured().filter((account) => account.id !== id)
    const moved = (id: string, to: Partial<Account["options"]>) =>
      configured().map((account) =>
        account.id === id
          ? { ...account, options: { ...account.options, ...to } as Account["options"] }
          : account,
      )

    test("is an exception with the payments it orphans and why, and is over when the options are right again", async () => {
      expect(await check(configured())).toEqual([])
      const { session } = await buy()
      const id = await paymentOf(session.kobbopay_id)
      const open = { subject_id: "kobbopay", state: "open", payments: "1" }

      const removed = await check(without("kobbopay"))
      expect(removed).toEqual([expect.stringContaining(id)])
      expect(removed[0]).toMatch(/account kobbopay: 1 payments.*1 open.*not in the options/)
      expect(await exceptions()).toEqual([{ ...open, reason: "account_removed" }])

      const elsewhere = await check(moved("kobbopay", { baseUrl: "https://elsewhere.example.com" }))
      expect(elsewhere[0]).toMatch(/profile, baseUrl or credentials/)
      expect(await exceptions()).toEqual([{ ...open, reason: "environment_changed" }])

      expect(await check(configured())).toEqual([])
      expect(await exceptions()).toEqual([
        { ...open, state: "closed", reason: "environment_changed" },
      ])
    })

    test("that only removes a rail is logged: its payments are read all the same", async () => {
      const { session } = await buy("usdt-bsc")
      const rails = configured()[0]?.options.rails.filter(({ id }) => id !== "usdt-bsc") ?? []
      const lines = await check(moved("kobbopay", { rails }))
      expect(lines).toEqual([expect.stringContaining(await paymentOf(session.kobbopay_id))])
      expect(lines[0]).toMatch(/read all the same/)
      expect(await exceptions()).toEqual([])
    })

    test("to a new key of the same merchant is settled by a reconciliation that reads the payments", async () => {
      sandbox().setWeather({ drop: true })
      const { session } = await buy("usdt-tron", DOCS)
      await world().rows(`UPDATE kobbopay_payment SET environment = 'another one'`)
      expect(await check(configured())).toHaveLength(1)
      await reconcileWorkflow(world().container).run({ input: {} })
      expect(await exceptions()).toMatchObject([{ subject_id: "docs", state: "closed" }])
      expect(session.reference).not.toBe("")
    })

    test("is reported by the boot, which goes on all the same", async () => {
      const { session } = await buy()
      const left = (JSON.parse(process.env.KOBBOPAY_ACCOUNTS ?? "[]") as { id: string }[]).filter(
        ({ id }) => id !== "kobbopay",
      )
      const { projectConfig } = world().container.resolve(ContainerRegistrationKeys.CONFIG_MODULE)
      const folder = await mkdtemp(join(tmpdir(), "kobbopay-accounts-"))
      const logFile = join(folder, "store.log")
      const env = {
        DATABASE_URL: String(projectConfig.databaseUrl),
        KOBBOPAY_ACCOUNTS: JSON.stringify(left),
        LOG_LEVEL: "warn",
      }
      try {
        const other = await startMedusa(await freePort(), { env, logFile })
        try {
          const reason = "account_removed"
          await world().worked(async () => (await exceptions()).length, "the boot telling")
          expect(await exceptions()).toMatchObject([
            { subject_id: "kobbopay", state: "open", reason },
          ])
        } finally {
          await other.kill()
        }
        const log = await readFile(logFile, "utf8")
        expect(log).toContain(await paymentOf(session.kobbopay_id))
        for (const secret of Object.values(SECRETS)) expect(log).not.toContain(secret)
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  })

  describe("a rotation of the webhook secret", () => {
    const CURRENT = SECRETS.invoice
    const NEXT = "test-rotated-secret"
    /** The accounts as they are after a restart with these secrets. */
    const restart = (secrets: string[]) => {
      const entries = JSON.parse(process.env.KOBBOPAY_ACCOUNTS ?? "[]") as {
        id: string
        options: { webhook: object }
      }[]
      const accounts = parseAccounts(
        entries.map(({ id, options }) =>
          id === "kobbopay"
            ? { id, options: { ...options, webhook: { ...options.webhook, secrets } } }
            : { id, options },
        ),
      )
      jest.replaceProperty(world().service, "accounts", accounts)
    }
    const pay = async () => {
      const { collectionId, session } = await buy()
      sandbox().pay(session.kobbopay_id, { amount: "10.5", confirm: true })
      await sandbox().quiet()
      await booksBecome(world(), collectionId, capturedFor("10.5"))
      const events = await world().rows(
        `SELECT DISTINCT secret_index FROM kobbopay_event WHERE ? = ANY(kobbopay_ids)`,
        [session.kobbopay_id],
      )
      return events.map(({ secret_index }) => secret_index)
    }

    test("loses no event over its two restarts, and inbox and log tell which secret matched", async () => {
      const before = sandbox().deliveries().length
      const lines = await logged(world(), async () => {
        restart([CURRENT])
        expect(await pay()).toEqual([0])
        restart([CURRENT, NEXT])
        expect(await pay()).toEqual([0])
        sandbox().setWebhook({ secret: { invoice: NEXT } })
        expect(await pay()).toEqual([1])
        restart([NEXT])
        expect(await pay()).toEqual([0])
      }).finally(() => {
        jest.restoreAllMocks()
        sandbox().setWebhook({ secret: { invoice: CURRENT } })
      })
      expect(
        sandbox()
          .deliveries()
          .slice(before)
          .filter(({ outcome }) => outcome !== "delivered"),
      ).toEqual([])
      expect(lines.filter((line) => line.includes("are signed with"))).toEqual([
        "kobbopay: webhooks of account kobbopay are signed with secret 2 of 2 now",
      ])
      for (const secret of [CURRENT, NEXT]) expect(lines.join("\n")).not.toContain(secret)
    })
  })
})
