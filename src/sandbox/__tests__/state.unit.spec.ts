import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { startSandbox } from "../index"
import { main } from "../main"
import {
  docsCreate,
  invoiceCreate,
  invoiceRead,
  receiver,
  sandboxFor,
  send,
  stopAll,
  transactionGet,
} from "./support"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "kobbopay-sandbox-"))
})
afterEach(async () => {
  await stopAll()
  rmSync(home, { recursive: true, force: true })
})

const fileIn = () => join(home, "state.json")

test("a sandbox started on the file of another goes on where that one stopped", async () => {
  const stateFile = fileIn()
  const first = await sandboxFor(null, { stateFile })
  const { tracker_id: id } = (await invoiceCreate(first, "order_1")).json()
  await docsCreate(first, "order_2")
  first.control.underpay("order_1", { due: "10" })
  first.control.expire("order_2")
  const before = first.control.payments()
  await first.close()

  const second = await sandboxFor(null, { stateFile })
  const withoutUrl = (payments: typeof before) => payments.map((one) => ({ ...one, pay_url: "" }))
  expect(withoutUrl(second.control.payments())).toEqual(withoutUrl(before))
  expect(await invoiceRead(second, String(id))).toMatchObject({ status: "ACCEPTED", amount: "5" })
  expect((await invoiceCreate(second, "order_1")).json()).toMatchObject({ tracker_id: id })
  expect(second.control.stats().references["order_1"]).toEqual({
    creates: 2,
    payments: [id],
  })
  second.control.secondTransfer("order_1", { amount: "5", confirm: true })
  expect(second.control.payment("order_1").status).toBe("Confirmed")
})

test("a transaction that was handed out before is known after the restart", async () => {
  const stateFile = fileIn()
  const first = await sandboxFor(null, { stateFile })
  await invoiceCreate(first, "order_1")
  first.control.pay("order_1", { amount: "10" })
  await first.close()
  const kept: unknown = JSON.parse(readFileSync(stateFile, "utf8"))
  const tracker = /ttk_[0-9a-f]+/.exec(JSON.stringify(kept))?.[0] ?? ""
  const second = await sandboxFor(null, { stateFile })
  expect((await transactionGet(second, tracker)).status).toBe(200)
})

test("payments expire on time, also when it passed while nothing ran", async () => {
  const stateFile = fileIn()
  let clock = 1_000_000
  const now = () => clock
  const first = await sandboxFor(null, { stateFile, now, expireAfterMs: 60_000 })
  await docsCreate(first, "order_1")
  await first.close()
  clock += 60_000
  const shop = await receiver()
  const second = await startSandbox({
    stateFile,
    now,
    expireAfterMs: 60_000,
    credentials: { apiKey: "a", publicId: "b", privateKey: "c" },
    webhook: { url: shop.url, secret: { docs: "d", invoice: "e" } },
  })
  while (shop.received.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(second.control.payment("order_1").status).toBe("Expired")
  await second.close()
})

test("what was answered survives a kill of the process", async () => {
  const stateFile = fileIn()
  const args = ["sandbox", "--port", "0", "--state", stateFile]
  const child: ChildProcess = spawn(
    process.execPath,
    ["-r", "ts-node/register/transpile-only", join(__dirname, "../bin.ts"), ...args],
    { cwd: join(__dirname, "../../.."), stdio: ["ignore", "pipe", "inherit"] },
  )
  let output = ""
  child.stdout?.on("data", (text: Buffer) => (output += text.toString()))
  while (!output.includes("Stop with Ctrl-C")) await once(child.stdout ?? child, "data")
  const url = /base URL\s+(\S+)/.exec(output)?.[1] ?? ""
  const key = { "x-api-key": "sandbox-api-key" }
  const body = { amount: "10.50", currency: "USDT", network: "tron", orderId: "order_1" }
  const created = await send("POST", `${url}/v1/payments`, key, JSON.stringify(body))
  await send("POST", `${url}/sandbox/payments/order_1/pay`, {}, '{"confirm":true}')
  child.kill("SIGKILL")
  await once(child, "exit")
  const next = await sandboxFor(null, { stateFile })
  expect(next.control.payment(String(created.json()["payment_id"]))).toMatchObject({
    status: "Confirmed",
    reference: "order_1",
    received: "10.5",
  })
  expect(readdirSync(home)).toEqual(["state.json"])
}, 30_000)

test.each(["not json", "{}", '{"payments":[{}],"references":{}}'])(
  "a file that holds %p is refused in words, and left as it is",
  async (text) => {
    writeFileSync(fileIn(), text)
    const printed = { err: "" }
    const result = await main(["sandbox", "--port", "0", "--state", fileIn()], {
      env: {},
      out: () => undefined,
      err: (line: string) => void (printed.err += line),
    })
    expect([result, printed.err]).toEqual([1, expect.stringMatching(/--state: .*no payments/)])
    expect(readFileSync(fileIn(), "utf8")).toBe(text)
  },
)

test("a file that cannot be written is refused in words", async () => {
  const printed = { err: "" }
  const result = await main(["sandbox", "--port", "0", "--state", join(home, "no", "such", "f")], {
    env: {},
    out: () => undefined,
    err: (line: string) => void (printed.err += line),
  })
  expect([result, printed.err]).toEqual([1, expect.stringMatching(/--state: .*cannot be written/)])
})
