import { mergeTransfers, receivedMinor, type KnownTransfer } from "../../domain/observation"
import { profileOf } from "../profiles"
import { accountFrom, docsInput } from "./support/accounts"
import {
  answering,
  create,
  EVM_ADDRESS,
  fieldOf,
  ID,
  railOf,
  read,
  TRON_ADDRESS,
} from "./support/profiles"

const docs = accountFrom(docsInput)

describe("docs: what it can say", () => {
  it("is partial or failed in docs only where the account's words map to them", () => {
    expect([...profileOf(docs).readableStates].sort()).toEqual([
      "confirmed",
      "expired",
      "paid",
      "pending",
    ])
    const more = accountFrom({ ...docsInput, statuses: { Underpaid: "partial" } })
    expect(profileOf(more).readableStates.has("partial")).toBe(true)
    expect(profileOf(docs).requires).toEqual({ amount: false, asset: false })
  })
})

describe("docs: create", () => {
  const created = { payment_id: "pay_1", address: TRON_ADDRESS }

  it("takes an answer of no more than id and address", async () => {
    await expect(create(docs, created)).resolves.toEqual({
      kobbopayId: "pay_1",
      address: TRON_ADDRESS,
      memo: null,
      amountMinor: null,
      expiresAt: null,
    })
  })

  it("takes amount as text or number, and times with their zone or in unix seconds", async () => {
    const full = {
      ...created,
      amount: "10.50",
      currency: "usdt",
      network: "trc20",
      orderId: "kp_1",
    }
    const at = new Date("2025-01-01T00:30:00Z")
    await expect(
      create(docs, { ...full, expires_at: "2025-01-01T01:30:00+01:00" }),
    ).resolves.toMatchObject({ amountMinor: 10_500_000n, expiresAt: at })
    await expect(
      create(docs, { ...full, amount: 10.5, expires_at: at.getTime() / 1000 }),
    ).resolves.toMatchObject({ amountMinor: 10_500_000n, expiresAt: at })
  })

  it.each([
    ["payment_id", { payment_id: undefined }],
    ["payment_id", { payment_id: ".." }],
    ["address", { address: undefined }],
    ["address", { address: EVM_ADDRESS }],
    ["address", { address: `${TRON_ADDRESS.slice(0, -1)}z` }],
    ["currency", { currency: "USDC" }],
    ["network", { network: "BEP20" }],
    ["orderId", { orderId: "another" }],
    ["amount", { amount: "ten" }],
    ["amount", { amount: "10.0000001" }],
    ["expires_at", { expires_at: "2025-01-01 00:30:00" }],
  ])("refuses a wrong %s, naming it", async (field, changes) => {
    expect(await fieldOf(create(docs, { ...created, ...changes }))).toBe(field)
  })

  it("refuses an address without the memo its network needs", async () => {
    const withMemo = { ...created, memo: 4711 }
    await expect(create(docs, withMemo, { memo: true })).resolves.toMatchObject({ memo: "4711" })
    expect(await fieldOf(create(docs, created, { memo: true }))).toBe("memo")
  })

  it("finds fields where the account says they are, and names them so", async () => {
    const account = accountFrom({
      ...docsInput,
      fields: { paymentId: "data.id", address: "data.payer.address", expiresAt: null },
    })
    const answer = {
      data: { id: "pay_7", payer: { address: TRON_ADDRESS } },
      expires_at: "whenever",
    }
    await expect(create(account, answer)).resolves.toMatchObject({ kobbopayId: "pay_7" })
    expect(await fieldOf(create(account, { data: { id: "pay_7" } }))).toBe("data.payer.address")
  })
})

describe("docs: read", () => {
  it.each([
    ["Pending", "pending"],
    ["PAID", "paid"],
    ["confirmed", "confirmed"],
    ["Expired", "expired"],
  ])("reads %s as %s", async (status, state) => {
    await expect(read(docs, { payment_id: "id_1", status })).resolves.toEqual({
      kobbopayId: "id_1",
      state,
      asset: null,
      network: null,
      token: null,
      reference: null,
      expectedMinor: null,
      receivedMinor: null,
      transfers: [],
      astray: false,
    })
  })

  it("reads what the answer tells of money, to the last digit", async () => {
    const answer = `{"payment_id":"id_1","status":"Paid","amount":10.50,"currency":"usdt",
      "network":"TRC20","orderId":"kp_1","received_amount":"10.5",
      "transactions":[{"hash":"aa","amount":10.4},{"hash":"bb","amount":1e-1}]}`
    await expect(read(docs, answer)).resolves.toMatchObject({
      asset: "USDT",
      network: "TRC20",
      reference: "kp_1",
      expectedMinor: 10_500_000n,
      receivedMinor: 10_500_000n,
      transfers: [
        { hash: "aa", amountMinor: 10_400_000n },
        { hash: "bb", amountMinor: 100_000n },
      ],
    })
  })

  it("keeps eighteen decimals of a bare number, which a float would round", async () => {
    const account = accountFrom({
      ...docsInput,
      rails: [{ id: "bsc", token: "USDTBSC", prices: { usd: "1" } }],
    })
    const answer = '{"status":"Paid","received_amount":10.123456789012345678}'
    await expect(read(account, answer)).resolves.toMatchObject({
      receivedMinor: 10_123_456_789_012_345_678n,
    })
  })

  it("reports another asset or network as it is, and no amount of it as ours", async () => {
    const other = { status: "Paid", currency: "USDC", amount: "1.0000000001", received_amount: "9" }
    await expect(read(docs, other)).resolves.toMatchObject({
      asset: "USDC",
      expectedMinor: null,
      receivedMinor: null,
      transfers: [],
    })
    await expect(
      read(docs, { status: "Paid", network: "Tron Nile", received_amount: "9" }),
    ).resolves.toMatchObject({ network: "Tron Nile", receivedMinor: null })
  })

  it.each([
    [{ received_amount: "9" }, true],
    [{ received_amount: 0.5 }, true],
    [{ transactions: [{ hash: "aa", amount: "9" }] }, true],
    [{ received_amount: "0", transactions: [] }, false],
    [{}, false],
  ])(
    "tells of money on another rail while the payment is still open: %j",
    async (answered, astray) => {
      const answer = { status: "Pending", network: "Tron Nile", ...answered }
      await expect(read(docs, answer)).resolves.toMatchObject({ state: "pending", astray })
    },
  )

  it.each([
    ["status", { status: "Settled" }],
    ["status", {}],
    ["payment_id", { status: "Paid", payment_id: "another" }],
    ["amount", { status: "Paid", amount: "-1" }],
    ["received_amount", { status: "Paid", received_amount: {} }],
    ["transactions", { status: "Paid", transactions: "none" }],
    [
      "transactions[1].amount",
      { status: "Paid", transactions: [{ hash: "a", amount: 1 }, { hash: "b" }] },
    ],
  ])("refuses a wrong %s, naming it", async (field, answer) => {
    expect(await fieldOf(read(docs, answer))).toBe(field)
  })

  it("takes the words of the account's environment", async () => {
    const account = accountFrom({ ...docsInput, statuses: { "Partly Paid": "partial" } })
    await expect(read(account, { status: "partly paid" })).resolves.toMatchObject({
      state: "partial",
    })
  })
})

describe("docs: money on more than one rail", () => {
  const answer = {
    status: "Paid",
    currency: "USDT",
    network: "TRC20",
    received_amount: "4",
    transactions: [
      { hash: "aa", amount: "4", currency: "usdt", network: "TRC20" },
      { hash: "bb", amount: "6.500000000000000000", currency: "USDT", network: "BEP20" },
    ],
  }

  it("counts only what came on the payment's own rail, and tells of the other", async () => {
    await expect(read(docs, answer)).resolves.toMatchObject({
      asset: "USDT",
      network: "BEP20",
      receivedMinor: 4_000_000n,
      transfers: [{ hash: "aa", amountMinor: 4_000_000n }],
    })
  })
})

describe("docs: transfers from one read to the next", () => {
  const reads = async (...lists: ({ hash: string; amount: string }[] | null)[]) => {
    let known: KnownTransfer[] = []
    for (const transactions of lists) {
      const { ask } = answering({ status: "Paid", transactions })
      const reading = await profileOf(docs).read(ID, railOf(docs), ask, known)
      known = mergeTransfers(known, reading)
    }
    return { known, sum: receivedMinor(known, { receivedMinor: null }) }
  }
  const t1 = { hash: "aB12", amount: "10.5" }

  it("counts one of another spelling once", async () => {
    for (const hash of ["AB12", "ab12", "0xab12"]) {
      expect((await reads([t1], [{ ...t1, hash }])).sum).toBe(10_500_000n)
    }
  })
  it("loses one that a whole list does not name any more, and finds it again", async () => {
    const t2 = { hash: "cd34", amount: "10.5" }
    expect((await reads([t1], [])).sum).toBe(0n)
    expect((await reads([t1], [t2])).sum).toBe(10_500_000n)
    expect((await reads([t1], [], [t1])).sum).toBe(10_500_000n)
  })
  it("loses none where the answer carries no list", async () => {
    expect((await reads([t1], null)).sum).toBe(10_500_000n)
  })
})
