import { parseAccounts, type Account } from "../options"
import { signWebhook } from "./support/sign-webhook"
import { receiveWebhook } from "../webhook"
import { rawHeaders } from "./support/raw-headers"

const CURRENT = "test-current"
const NEXT = "test-next"
const NOW = 1_760_000_000

const booted = (secrets: string[]): Account => {
  const [account] = parseAccounts([
    {
      id: "kobbopay",
      options: {
        profile: "invoice",
        publicId: "test-public-id",
        privateKey: "test-private-key",
        webhook: { secrets },
        rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
      },
    },
  ])
  if (account === undefined) throw new Error("no account")
  return account
}

/** What a store with these secrets makes of an event that Kobbopay signed with that one. */
function takes(secrets: string[], secret: string): number | null {
  const account = booted(secrets)
  const rawBody = Buffer.from(JSON.stringify({ event: "payment.paid", paymentId: "pay_1" }))
  const headers = signWebhook(account.options.webhook, rawBody, {
    timestamp: NOW,
    eventId: "payment:pay_1:payment.paid",
    secret,
  })
  const received = receiveWebhook({
    rawBody,
    rawHeaders: rawHeaders(headers),
    accounts: [account],
    now: NOW * 1000,
  })
  return received.ok ? received.secretIndex : null
}

describe("the rotation of a webhook secret", () => {
  // Each step is a restart of the store or the switch at Kobbopay, in the order of the README.
  it.each([
    ["before it", [CURRENT], CURRENT, 0],
    [
      "the next secret added, Kobbopay still signing with the current one",
      [CURRENT, NEXT],
      CURRENT,
      0,
    ],
    ["Kobbopay switched", [CURRENT, NEXT], NEXT, 1],
    ["the old one removed", [NEXT], NEXT, 0],
  ])("loses no event: %s", (_step, secrets, signedWith, position) => {
    expect(takes(secrets, signedWith)).toBe(position)
  })

  it("takes retries of what was signed with the old secret as long as it is listed, and not after", () => {
    expect(takes([CURRENT, NEXT], CURRENT)).toBe(0)
    expect(takes([NEXT], CURRENT)).toBeNull()
  })

  it("done in one step would lose what is on its way: a store without the next secret refuses it", () => {
    expect(takes([CURRENT], NEXT)).toBeNull()
  })
})
