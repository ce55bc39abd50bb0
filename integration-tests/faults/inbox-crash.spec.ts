import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"
import { kobbopayWebhook, WEBHOOK_SECRET } from "../bench/messages"
import { freePort } from "../support/free-port"
import {
  runMedusa,
  startMedusa,
  type MedusaOptions,
  type MedusaProcess,
} from "../support/medusa-process"
import { startPostgres, type Postgres } from "../support/postgres"
import { until } from "../support/until"
import { send } from "../support/webhook"

const SENDERS = 16
/** Answers of 2xx before the crash, and after it. */
const ENOUGH = 200

jest.setTimeout(300_000)

describe("a database that crashes while webhooks come in", () => {
  let home: string
  let postgres: Postgres
  let medusa: MedusaProcess | null = null

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "kobbopay-crash-"))
    await chmod(home, 0o755) // PostgreSQL may run as another user
    postgres = await startPostgres({ durable: true, dataDir: join(home, "data") })
    const options: MedusaOptions = {
      logFile: join(home, "medusa.log"),
      env: {
        NODE_ENV: "development",
        DATABASE_URL: await postgres.createDatabase("medusa-kobbopay-crash"),
        MEDUSA_ADMIN_DISABLED: "true",
        KOBBOPAY_WEBHOOK_SECRETS: WEBHOOK_SECRET,
      },
    }
    await runMedusa(["db:migrate", "--execute-safe-links", "--execute-safe-search"], options)
    medusa = await startMedusa(await freePort(), options)
  })

  afterAll(async () => {
    await medusa?.stop()
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  })

  test("every webhook that got 2xx is there afterwards, and those in between got 503", async () => {
    const url = medusa?.url ?? ""
    const answered: { name: string; status: number }[] = []
    let over = false
    const sender = async (index: number) => {
      for (let count = 0; !over; count++) {
        const name = `${index}-${count}`
        const body = JSON.stringify({ event: "payment.paid", paymentId: `trk-${name}` })
        const headers = { "content-type": "application/json", ...kobbopayWebhook(body, name) }
        const { status } = await send(url, { headers, body })
        answered.push({ name, status })
      }
    }
    const sending = Promise.all(Array.from({ length: SENDERS }, (_, index) => sender(index)))
    const taken = () => answered.filter(({ status }) => status === 200)
    const enough = { withinMs: 60_000, what: `${ENOUGH} webhooks being taken` }

    await until(() => taken().length >= ENOUGH, enough)
    await postgres.crash()
    await until(() => answered.some(({ status }) => status === 503), {
      withinMs: 20_000,
      what: "an answer of 503",
    })
    const before = taken().length
    postgres = await startPostgres({
      durable: true,
      dataDir: join(home, "data"),
      port: postgres.port,
    })
    await until(() => taken().length >= before + ENOUGH, enough)
    over = true
    await sending

    const database = new Client(postgres.url.replace(/postgres$/, "medusa-kobbopay-crash"))
    await database.connect()
    const { rows } = await database.query<{ event_id: string }>(
      "SELECT event_id FROM kobbopay_event",
    )
    await database.end()
    const committed = new Set(rows.map((row) => row.event_id))
    expect(taken().filter(({ name }) => !committed.has(name))).toEqual([])
    expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200, 503]))
  })
})
