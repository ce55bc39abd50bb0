import { KobbopayError } from "../errors"
import { brandAs, type KobbopayId } from "../../domain/ids"
import type { KnownTransfer } from "../../domain/observation"
import { profileOf } from "../profiles"
import { accountFrom, docsInput, invoiceInput } from "./support/accounts"
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
const invoice = accountFrom(invoiceInput)

describe("invoice: what it can say", () => {
  it("is never expired in invoice, whose reads must carry amount and asset", () => {
    expect([...profileOf(invoice).readableStates].sort()).toEqual([
      "confirmed",
      "failed",
      "paid",
      "pending",
    ])
    expect(profileOf(invoice).requires).toEqual({ amount: true, asset: true })
  })
})

describe("invoice: create", () => {
  const created = { receiver: TRON_ADDRESS, tracker_id: "trk_1", token: "USDTTRC" }

  it("takes address, tracker and tag", async () => {
    await expect(create(invoice, { ...created, dest_tag: 7 })).resolves.toEqual({
      kobbopayId: "trk_1",
      address: TRON_ADDRESS,
      memo: "7",
      amountMinor: null,
      expiresAt: null,
    })
    await expect(
      create(invoice, { ...created, message: "ok", error: "", dest_tag: "" }),
    ).resolves.toMatchObject({ memo: null })
  })

  it.each([
    ["receiver", { receiver: undefined }],
    ["receiver", { receiver: EVM_ADDRESS }],
    ["tracker_id", { tracker_id: "" }],
    ["token", { token: undefined }],
    ["token", { token: "USDTBSC" }],
    ["client_transaction_id", { client_transaction_id: "another" }],
  ])("refuses a wrong %s, naming it", async (field, changes) => {
    expect(await fieldOf(create(invoice, { ...created, ...changes }))).toBe(field)
  })

  it("refuses an address that looks right when the token is another network's", async () => {
    const account = accountFrom({
      ...invoiceInput,
      rails: [{ id: "erc", token: "USDTERC", prices: { usd: "1" } }],
    })
    const answer = { receiver: EVM_ADDRESS, tracker_id: "trk_1", token: "USDTBSC" }
    expect(await fieldOf(create(account, answer))).toBe("token")
  })

  it.each([
    { error: "token disabled" },
    { error_message: "no" },
    { message: "no" },
    { success: false },
  ])("takes %p under HTTP 200 for a refusal", async (answer) => {
    await expect(create(invoice, answer)).rejects.toMatchObject({ kind: "rejected" })
  })
})

describe("invoice: read", () => {
  const found = { transaction_tracker_id: "tx_1" }
  const transaction = (changes: object = {}) => ({
    transaction: { status: "SUCCESS", amount: "10.5", token: "USDTTRC", hash: "ab", ...changes },
  })

  it("is pending without a second question while nothing arrived", async () => {
    for (const answer of [{}, { tracker_id: "id_1" }, { transaction_tracker_id: null }]) {
      const { ask, asked } = answering(answer)
      const reading = await profileOf(invoice).read(ID, railOf(invoice), ask)
      expect(reading).toMatchObject({ state: "pending", receivedMinor: null, transfers: [] })
      expect(asked).toEqual([
        { method: "GET", path: "/api/crypto/invoice/get/?tracker_id=id_1", body: "" },
      ])
    }
  })

  it("asks for the transaction by its own tracker, with the published body", async () => {
    const { ask, asked } = answering({ transaction_tracker_id: "trk_1" }, transaction())
    await profileOf(invoice).read(ID, railOf(invoice), ask)
    expect(asked[1]).toEqual({
      method: "POST",
      path: "/api/transaction/get",
      body: '{"tracker_id":"trk_1"}',
    })
  })

  it.each([
    ["SUCCESS", "confirmed"],
    ["accepted", "paid"],
    ["PROCESSING", "pending"],
    [undefined, "pending"],
  ])("reads %p as %s, with the transfer", async (status, state) => {
    await expect(read(invoice, found, transaction({ status }))).resolves.toEqual({
      kobbopayId: "id_1",
      state,
      asset: null,
      network: null,
      token: "USDTTRC",
      reference: null,
      expectedMinor: null,
      receivedMinor: null,
      transfers: [
        {
          hash: "ab",
          amountMinor: 10_500_000n,
          trackerId: "tx_1",
          final: state === "confirmed",
        },
      ],
      astray: false,
      transferFailed: false,
    })
  })

  describe("of several transfers, of which the invoice names the newest", () => {
    const tx = (id: string) => brandAs<KobbopayId>(id)
    const first = { hash: "aa", amountMinor: 4_000_000n, trackerId: tx("tx_0") }
    const known = { ...first, final: false, lost: false }
    const readAfter = async (known: readonly KnownTransfer[], ...answers: unknown[]) => {
      const { ask, asked } = answering(found, ...answers)
      const reading = await profileOf(invoice).read(ID, railOf(invoice), ask, known)
      return { reading, asked: asked.map(({ body }) => body).slice(1) }
    }

    it("reads the earlier ones again by their own trackers until they are final", async () => {
      const { reading, asked } = await readAfter(
        [known],
        transaction({ amount: "6.5" }),
        transaction({ amount: "4", hash: "aa" }),
      )
      expect(asked).toEqual(['{"tracker_id":"tx_1"}', '{"tracker_id":"tx_0"}'])
      expect(reading.transfers).toEqual([
        { ...first, final: true },
        { hash: "ab", amountMinor: 6_500_000n, trackerId: "tx_1", final: true },
      ])
    })

    it("does not read a final one again while no other has come", async () => {
      const second = { hash: "ab", amountMinor: 6_500_000n, trackerId: tx("tx_1") }
      const { asked } = await readAfter(
        [
          { ...known, final: true },
          { ...second, final: false, lost: false },
        ],
        transaction({ amount: "6.5" }),
      )
      expect(asked).toHaveLength(1)
    })

    it("takes an amount that grew for a sum, and adds nothing to it", async () => {
      const { reading } = await readAfter(
        [{ ...known, final: true }],
        transaction({ amount: "10.5" }),
        transaction({ amount: "10.5", hash: "aa" }),
      )
      expect(reading).toMatchObject({ receivedMinor: 10_500_000n, transfers: [] })
    })

    it.each([
      ["is no longer known", { error: "unknown tracker" }],
      ["failed", transaction({ amount: "4", hash: "aa", status: "ERROR" })],
    ])("tells that an earlier one is lost where it %s", async (_what, answer) => {
      const { reading } = await readAfter([known], transaction({ amount: "6.5" }), answer)
      expect(reading.transfers).toMatchObject([{ hash: "aa", lost: true }, { hash: "ab" }])
    })

    it("loses none while Kobbopay does not answer", async () => {
      const { ask } = answering(found, transaction({ amount: "6.5" }))
      const failing: typeof ask = (request) =>
        request.body.includes("tx_0")
          ? Promise.reject(new KobbopayError("unavailable", "away"))
          : ask(request)
      await expect(profileOf(invoice).read(ID, railOf(invoice), failing, [known])).rejects.toThrow(
        "away",
      )
    })

    it.each([
      ["SUCCESS", "confirmed"],
      ["ACCEPTED", "paid"],
    ])("is where an earlier %s one brought it, once the newest failed", async (status, state) => {
      const { reading } = await readAfter(
        [known],
        transaction({ status: "ERROR", amount: "6.5" }),
        transaction({ status, amount: "4", hash: "aa" }),
      )
      expect(reading).toMatchObject({
        state,
        transferFailed: false,
        transfers: [
          { hash: "aa", amountMinor: 4_000_000n, final: status === "SUCCESS" },
          { hash: "ab", lost: true },
        ],
      })
    })

    it("goes by a final earlier one, even where that needed no second reading before", async () => {
      const { reading } = await readAfter(
        [
          { ...known, final: true },
          { hash: "ab", amountMinor: 6_500_000n, trackerId: tx("tx_1"), final: false, lost: false },
        ],
        transaction({ status: "ERROR", amount: "6.5" }),
        transaction({ amount: "4", hash: "aa" }),
      )
      expect(reading.state).toBe("confirmed")
      expect(reading.transferFailed).toBe(false)
      expect(reading.transfers).toContainEqual(expect.objectContaining({ hash: "ab", lost: true }))
    })
  })

  it("counts nothing of a transfer that failed, which ends nothing by itself", async () => {
    await expect(read(invoice, found, transaction({ status: "ERROR" }))).resolves.toMatchObject({
      state: "failed",
      transferFailed: true,
      receivedMinor: null,
      transfers: [{ hash: "ab", lost: true }],
    })
  })

  it("knows a transfer that has no hash yet by its tracker", async () => {
    const { transfers } = await read(invoice, found, transaction({ hash: null }))
    expect(transfers).toEqual([
      { hash: "", amountMinor: 10_500_000n, trackerId: expect.any(String), final: true },
    ])
  })

  it("reports another token as it is, and no amount of it as ours", async () => {
    const other = transaction({ token: "USDTBSC", amount: "10.123456789" })
    await expect(read(invoice, found, other)).resolves.toMatchObject({
      token: "USDTBSC",
      receivedMinor: null,
      transfers: [],
      astray: true,
    })
  })

  it.each([
    ["tracker_id", [{ tracker_id: "another" }]],
    ["transaction_tracker_id", [{ transaction_tracker_id: [] }]],
    ["transaction", [found, {}]],
    ["transaction.status", [found, transaction({ status: {} })]],
    ["transaction.amount", [found, transaction({ amount: "10.5 USDT" })]],
  ])("refuses a wrong %s, naming it", async (field, answers) => {
    expect(await fieldOf(read(invoice, ...answers))).toBe(field)
  })

  it.each([
    { error: "try later" },
    { message: "Unauthorized" },
    { error: true },
    { success: false },
  ])("does not take %p under HTTP 200 for a payment without money", async (answer) => {
    await expect(read(invoice, answer)).rejects.toThrow(KobbopayError)
  })

  it("never shows a secret that an answer echoes", async () => {
    const echo = { error: `bad key ${invoiceInput.privateKey}` }
    await expect(read(invoice, echo)).rejects.toThrow("bad key [hidden]")
  })
})

describe("enabled tokens", () => {
  it("are known to invoice only", async () => {
    const { ask } = answering({ tokens: ["USDTTRC", "BTC"] })
    await expect(profileOf(invoice).enabledTokens(ask)).resolves.toEqual(["USDTTRC", "BTC"])
    await expect(profileOf(docs).enabledTokens(ask)).resolves.toBeNull()
  })
})
