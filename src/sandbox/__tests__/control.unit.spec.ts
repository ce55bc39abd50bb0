import fc from "fast-check"

import {
  docsCreate,
  docsRead,
  eventOf,
  invoiceCreate,
  invoiceRead,
  receiver,
  sandboxFor,
  send,
  stopAll,
} from "./support"
import { SandboxError } from "../index"

afterEach(stopAll)

const post = (url: string, path: string, body = "") => send("POST", url + path, {}, body)

async function docsPayment(amount = "10.50") {
  const shop = await receiver()
  const sandbox = await sandboxFor(shop.url)
  const id = String((await docsCreate(sandbox, "order_1", amount)).json()["payment_id"])
  const status = async () => (await docsRead(sandbox, id)).json()["status"]
  return { shop, sandbox, control: sandbox.control, id, status }
}

describe("what a payer does", () => {
  test("pay, then confirm", async () => {
    const { control, id, status } = await docsPayment()
    expect(control.pay(id)).toMatchObject({ status: "Paid", received: "10.5" })
    expect(await status()).toBe("Paid")
    expect(control.confirm("order_1")).toMatchObject({ status: "Confirmed" })
    expect(await status()).toBe("Confirmed")
  })

  test("pay too little: the docs still say Pending, and how much arrived", async () => {
    const { sandbox, control, id } = await docsPayment("10.333333")
    expect(control.underpay(id)).toMatchObject({ status: "Partial", received: "5.166666" })
    expect((await docsRead(sandbox, id)).json()).toMatchObject({
      status: "Pending",
      received_amount: "5.166666",
    })
  })

  test("the rest of a partial payment completes it", async () => {
    const { control, id } = await docsPayment("0.3")
    control.pay(id, { amount: "0.1" })
    expect(control.secondTransfer(id, { amount: "0.2" })).toMatchObject({
      status: "Paid",
      received: "0.3",
    })
  })

  test("pay too much", async () => {
    const { control, id } = await docsPayment()
    expect(control.overpay(id)).toMatchObject({ status: "Paid", received: "15.75" })
  })

  test("let it expire, then pay too late: the money shows after all", async () => {
    const { shop, control, id, status } = await docsPayment()
    control.expire(id)
    expect(await status()).toBe("Expired")
    control.payLate(id)
    expect(await status()).toBe("Paid")
    await control.quiet()
    expect(shop.received.map(eventOf)).toEqual([
      "payment.created",
      "payment.expired",
      "payment.paid",
    ])
  })

  test("too little, too late: still Expired, with the money shown", async () => {
    const { sandbox, control, id } = await docsPayment()
    control.payLate(id, { amount: "1" })
    expect((await docsRead(sandbox, id)).json()).toMatchObject({
      status: "Expired",
      received_amount: "1",
    })
  })

  test("paying late without an amount leaves an invoice as it was", async () => {
    const sandbox = await sandboxFor(null)
    await invoiceCreate(sandbox, "order_1")
    expect(() => sandbox.control.payLate("order_1")).toThrow(/amount: required/)
    expect(sandbox.control.payment("order_1").status).toBe("Pending")
  })

  test("a late payment of an invoice makes its transaction appear", async () => {
    const sandbox = await sandboxFor(null)
    const id = String((await invoiceCreate(sandbox, "order_1")).json()["tracker_id"])
    sandbox.control.expire(id)
    expect(await invoiceRead(sandbox, id)).toBeNull()
    sandbox.control.payLate(id, { amount: "5" })
    expect(await invoiceRead(sandbox, id)).toMatchObject({ status: "ACCEPTED", amount: "5" })
  })

  test("another network: the reads say which, in both profiles", async () => {
    const { sandbox, control, id } = await docsPayment()
    control.payOtherToken(id, { token: "USDTERC" })
    expect((await docsRead(sandbox, id)).json()).toMatchObject({
      status: "Paid",
      currency: "USDT",
      network: "Ethereum",
    })
    const invoice = String((await invoiceCreate(sandbox, "order_2")).json()["tracker_id"])
    control.payOtherToken("order_2", { amount: "5" })
    expect(await invoiceRead(sandbox, invoice)).toMatchObject({ token: "USDTBSC", amount: "5" })
  })

  test("money on another network adds nothing to what the right one brought", async () => {
    const { control, id } = await docsPayment("10")
    control.pay(id, { amount: "4" })
    expect(control.payOtherToken(id, { amount: "6", token: "USDTBSC" })).toMatchObject({
      status: "Partial",
      received: "4",
      received_by_token: { USDTTRC: "4", USDTBSC: "6" },
    })
  })

  test("a confirmed part of the money is not a confirmed payment", async () => {
    const { shop, control, id } = await docsPayment("10")
    control.pay(id, { amount: "4", hash: "one" })
    control.pay(id, { amount: "6", hash: "two" })
    expect(control.confirm(id, { hash: "two" })).toMatchObject({ status: "Paid" })
    expect(control.confirm(id)).toMatchObject({ status: "Confirmed" })
    await control.quiet()
    expect(shop.received.map(eventOf).slice(-2)).toEqual([
      "payment.partial_settled",
      "payment.confirmed",
    ])
  })

  test("an event can be announced that is not true", async () => {
    const { shop, control, id, status } = await docsPayment()
    control.announce(id, "payment.confirmed")
    await control.quiet()
    expect(shop.received.map(eventOf)).toEqual(["payment.created", "payment.confirmed"])
    expect(await status()).toBe("Pending")
  })

  test("payments expire by themselves when told so, unless they are paid", async () => {
    const shop = await receiver()
    const sandbox = await sandboxFor(shop.url, { expireAfterMs: 50 })
    await docsCreate(sandbox, "paid")
    sandbox.control.pay("paid")
    await docsCreate(sandbox, "unpaid")
    while (sandbox.control.payment("unpaid").status === "Pending") {
      await send("GET", `${sandbox.url}/sandbox/health`)
    }
    expect(sandbox.control.payment("unpaid").status).toBe("Expired")
    expect(sandbox.control.payment("paid").status).toBe("Paid")
  })

  test.each([
    ["an unknown payment", "nobody", {}, 404],
    ["a hash that was used", "order_1", { hash: "used" }, 409],
    ["more decimals than the chain has", "order_1", { amount: "0.0000001" }, 400],
    ["a negative amount", "order_1", { amount: "-1" }, 400],
    ["nothing at all", "order_1", { amount: "0" }, 400],
  ])("%s is refused", async (_case, id, order, status) => {
    const { control } = await docsPayment()
    control.pay("order_1", { hash: "used" })
    const before = control.stats()
    expect(() => control.pay(id, order)).toThrow(expect.objectContaining({ status }))
    expect(control.stats().received).toEqual(before.received)
  })

  test("there is nothing to confirm, and no second transfer, before the first", async () => {
    const { control, id } = await docsPayment()
    expect(() => control.confirm(id)).toThrow(SandboxError)
    expect(() => control.secondTransfer(id)).toThrow(SandboxError)
  })
})

test("whatever is paid in whatever order, the figures are the exact sum", async () => {
  const sandbox = await sandboxFor(null)
  const micro = fc.integer({ min: 1, max: 2_000_000_000 })
  const step = fc.record({ micro, then: fc.constantFrom("nothing", "confirm", "expire", "fail") })
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const reference = `run_${(runs += 1)}`
      const id = String((await docsCreate(sandbox, reference, "1000")).json()["payment_id"])
      for (const { micro: units, then } of steps) {
        sandbox.control.pay(id, { amount: decimal(BigInt(units)) })
        if (then !== "nothing") sandbox.control[then](id)
      }
      const total = steps.reduce((all, { micro: units }) => all + BigInt(units), 0n)
      expect(sandbox.control.stats().received[id]).toEqual({ USDTTRC: plain(total) })
    }),
    { numRuns: 30 },
  )
})

describe("over HTTP", () => {
  test("a script can do what a payer can, by reference too", async () => {
    const { sandbox, control, id } = await docsPayment()
    const act = async (action: string, body = "{}") =>
      (await post(sandbox.url, `/sandbox/payments/order_1/${action}`, body)).json()["payment"]
    expect(await act("pay", '{"amount":"4"}')).toMatchObject({ status: "Partial" })
    expect(await act("second-transfer", '{"amount":"6.5"}')).toMatchObject({ status: "Paid" })
    expect(await act("confirm")).toMatchObject({ status: "Confirmed" })
    expect(await act("expire")).toMatchObject({ status: "Expired" })
    expect(await act("fail")).toMatchObject({ status: "Failed" })
    expect(await act("announce", '{"event":"payment.other"}')).toMatchObject({ id })
    for (const action of ["underpay", "overpay", "pay-late", "pay-other-token"]) {
      expect(await act(action)).toMatchObject({ id })
    }
    const read = await send("GET", `${sandbox.url}/sandbox/payments/${id}`)
    expect(read.json()["payment"]).toEqual(control.payment("order_1"))
    const list = await send("GET", `${sandbox.url}/sandbox/payments`)
    expect(list.json()["payments"]).toEqual(control.payments())
    const quiet = await send("GET", `${sandbox.url}/sandbox/quiet`)
    expect(quiet.json()).toEqual({ pending: 0 })
    const stats = await send("GET", `${sandbox.url}/sandbox/stats`)
    expect(stats.json()).toEqual(control.stats())
  })

  test("webhooks are pointed, tested and repeated", async () => {
    const shop = await receiver()
    const { url, control } = await sandboxFor(null)
    const target = JSON.stringify({ url: shop.url, secret: { docs: "new" } })
    expect((await post(url, "/sandbox/webhook", target)).text).not.toContain("new")
    expect((await send("GET", `${url}/sandbox/webhook`)).json()).toEqual({
      webhook: { url: shop.url },
    })
    await post(url, "/sandbox/webhook/test", '{"profile":"docs"}')
    await control.quiet()
    const [delivery] = control.deliveries()
    await post(url, `/sandbox/deliveries/${delivery?.id ?? ""}/redeliver`)
    await control.quiet()
    const list = await send("GET", `${url}/sandbox/deliveries`)
    expect(list.json()["deliveries"]).toEqual(control.deliveries())
    expect(shop.received.map(eventOf)).toEqual(["payment.webhook_test", "payment.webhook_test"])
  })

  test.each([
    ["POST", "/sandbox/payments/order_1/steal", 404],
    ["POST", "/sandbox/payments/order_1/constructor", 404],
    ["POST", "/sandbox/payments/nobody/pay", 404],
    ["POST", "/sandbox/deliveries/dlv_none/redeliver", 404],
    ["GET", "/sandbox/payments/%zz", 400],
    ["GET", "/sandbox/nothing", 404],
    ["DELETE", "/sandbox/stats", 405],
    ["GET", "/sandbox/quiet?timeout_ms=soon", 400],
  ] as const)("%s %s is answered %i, in words", async (method, path, status) => {
    const { sandbox } = await docsPayment()
    const answer = await send(method, sandbox.url + path)
    expect([answer.status, answer.json()]).toEqual([status, { error: expect.any(String) }])
  })
})

/** Millionths as a decimal string, trailing zeros and all. */
const decimal = (units: bigint): string =>
  `${units / 1_000_000n}.${String(units % 1_000_000n).padStart(6, "0")}`

const plain = (units: bigint): string => decimal(units).replace(/\.?0+$/, "")
