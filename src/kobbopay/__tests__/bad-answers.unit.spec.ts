import type { KobbopayClient } from "../client"
import { KobbopayError } from "../errors"
import { brandAs, type KobbopayId, type Reference } from "../../domain/ids"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"
import { railOf, TRON_ADDRESS } from "./support/profiles"
import { hangUp, scripted, status, type Answer } from "./support/server"

const ID = brandAs<KobbopayId>("pay_1")
const REFERENCE = brandAs<Reference>("order_1")
/** No slow machine takes that long over an answer. */
const PATIENT = { attempts: 2, timeout: "20s" }
/** For answers that never come. */
const IMPATIENT_MS = 400
const IMPATIENT = { attempts: 2, timeout: `${IMPATIENT_MS}ms` }

type Case = {
  options: object
  /** Proper answers that come before the bad one. */
  before: object[]
  /** What the bad one would have been. */
  proper: object
  /** What is answered afterwards. */
  after: object[]
  run: (client: KobbopayClient) => Promise<unknown>
}

const rail = railOf(accountFrom(docsInput))
const invoice = { ...invoiceInput, request: PATIENT }
const docs = { ...docsInput, request: PATIENT }
const create = (client: KobbopayClient) =>
  client.create({ reference: REFERENCE, rail, amountMinor: 10_500_000n })
const read = (client: KobbopayClient) => client.read(ID, rail)
const transaction = { status: "SUCCESS", amount: "10.5", token: "USDTTRC", hash: "ab" }

/** Every call there is, each in its profile. */
const CALLS: Record<string, Case> = {
  "invoice: create": {
    options: invoice,
    before: [],
    after: [],
    run: create,
    proper: { receiver: TRON_ADDRESS, tracker_id: "pay_1", token: "USDTTRC" },
  },
  "invoice: the first step of a read": {
    options: invoice,
    before: [],
    after: [{ transaction }],
    run: read,
    proper: { tracker_id: "pay_1", transaction_tracker_id: "tx_1" },
  },
  "invoice: the second step of a read": {
    options: invoice,
    before: [{ transaction_tracker_id: "tx_1" }],
    after: [],
    run: read,
    proper: { transaction },
  },
  "invoice: the enabled tokens": {
    options: invoice,
    before: [],
    after: [],
    proper: { tokens: ["USDTTRC"] },
    run: (client) => client.enabledTokens(),
  },
  "docs: create": {
    options: docs,
    before: [],
    after: [],
    run: create,
    proper: { payment_id: "pay_1", address: TRON_ADDRESS },
  },
  "docs: read": {
    options: docs,
    before: [],
    after: [],
    run: read,
    proper: { payment_id: "pay_1", status: "Confirmed", received_amount: "10.5" },
  },
}

/** Half of a body that was announced whole, and then nothing more on this connection. */
const cutOff =
  (body: object): Answer =>
  (response) => {
    const text = JSON.stringify(body)
    response.writeHead(200, { "content-length": text.length })
    response.write(text.slice(0, text.length / 2), () => response.destroy())
  }

const SILENT: [string, (proper: object) => Answer][] = [
  ["no answer in time", () => () => undefined],
  ["a body that never ends", () => (response) => void response.writeHead(200).write("{")],
]

const UNAVAILABLE: [string, (proper: object) => Answer][] = [
  ["429 with Retry-After", () => status(429, {}, { "retry-after": "1" })],
  ["429 with a Retry-After beyond patience", () => status(429, {}, { "retry-after": "99999" })],
  ["429 without Retry-After", () => status(429)],
  ["429 as a web page", () => status(429, "<html>slow down</html>")],
  ...[500, 502, 503, 504, 599].map((code): [string, () => Answer] => [
    String(code),
    () => status(code, "<html>"),
  ]),
  // An answer of substance under a status that says it is none.
  ["503 over a proper body", (proper) => status(503, proper)],
  ["a closed connection", () => hangUp],
  ["a connection cut in the middle of the body", cutOff],
]

const INVALID: [string, (proper: object) => Answer][] = [
  ["truncated JSON", (proper) => status(200, JSON.stringify(proper).slice(0, -1))],
  ["a web page", () => status(200, "<!doctype html><h1>Please wait</h1>")],
  ["an empty body", () => status(200, "")],
  ["204", () => status(204, "")],
  ["null", () => status(200, "null")],
  ["a number", () => status(200, "0")],
  ["a text", () => status(200, '"SUCCESS"')],
  ["a list", (proper) => status(200, [proper])],
  ["a redirect", () => status(302, "", { location: "http://127.0.0.1/login" })],
  [
    "the right names with values that mean nothing",
    (proper) =>
      status(200, Object.fromEntries(Object.keys(proper).map((key) => [key, { a: [null] }]))),
  ],
]

describe.each(Object.entries(CALLS))("%s", (_name, { options, before, proper, after, run }) => {
  const failing = async (bad: Answer, request = PATIENT) => {
    const { client, seen, close } = await scripted({ ...options, request }, [...before, bad])
    try {
      const outcome: unknown = await run(client).then(
        (value) => ({ value }),
        (error: unknown) => error,
      )
      return { outcome, asked: seen.length - before.length }
    } finally {
      await close()
    }
  }

  it("understands the proper answer, so that a bad one is what makes it fail", async () => {
    const { client, close } = await scripted(options, [...before, proper, ...after])
    await expect(run(client)).resolves.toBeTruthy()
    await close()
  })

  it.each(UNAVAILABLE)("%s: nothing is known, and it may be asked again", async (_what, bad) => {
    const { outcome } = await failing(bad(proper))
    expect(outcome).toBeInstanceOf(KobbopayError)
    expect(outcome).toMatchObject({ kind: "unavailable" })
  })

  it.each(SILENT)("%s: nothing is known, and it may be asked again", async (_what, bad) => {
    const { outcome } = await failing(bad(proper), IMPATIENT)
    expect(outcome).toBeInstanceOf(KobbopayError)
    expect(outcome).toMatchObject({ kind: "unavailable" })
  })

  it.each(INVALID)("%s: no answer at all, and asked once only", async (_what, bad) => {
    const { outcome, asked } = await failing(bad(proper))
    expect(outcome).toBeInstanceOf(KobbopayError)
    expect(outcome).toMatchObject({ kind: "invalid_answer" })
    expect(asked).toBe(1)
  })

  /** Gives little time to the answer that never comes, and to no other one. */
  const hurryOne = () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal)
    let asked = 0
    jest.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      asked += 1
      return timeout(asked === before.length + 1 ? IMPATIENT_MS : ms)
    })
  }
  afterEach(() => {
    jest.restoreAllMocks()
  })

  it.each([
    ...UNAVAILABLE.slice(2).map(([what, bad]) => [what, bad, () => undefined] as const),
    ...SILENT.map(([what, bad]) => [what, bad, hurryOne] as const),
  ])("gets over %s once", async (_what, bad, prepare) => {
    prepare()
    const script = [...before, bad(proper), proper, ...after]
    const { client, close } = await scripted({ ...options, request: PATIENT }, script)
    await expect(run(client)).resolves.toBeTruthy()
    await close()
  })
})
