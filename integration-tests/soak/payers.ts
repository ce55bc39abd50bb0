import { setTimeout as pause } from "node:timers/promises"
import { BigNumber } from "bignumber.js"
import type { Sandbox } from "../../src/sandbox"
import type { SessionData } from "../support/shopper"
import type { Diary } from "./diary"
import type { Dice } from "./dice"
import { EXPIRY } from "./ground"

type Payable = Pick<SessionData, "kobbopay_id" | "amount" | "token">

/** What a payer works with. */
type Tools = {
  control: Sandbox["control"]
  diary: Diary
  dice: Dice
  /** Whether the shop's page shows money on the payment, asked until it does or for some time. */
  shown: (token: string) => Promise<boolean>
}

type Payer = (tools: Tools, payable: Payable) => Promise<void> | void

const SECOND = 1_000
const between = ({ dice }: Tools, least: number, most: number) =>
  pause(dice.between(least * SECOND, most * SECOND))

/** Half of what is owed, in the asset's six decimals. */
const half = (amount: string): string =>
  new BigNumber(amount).div(2).dp(6, BigNumber.ROUND_DOWN).toFixed()
const less = (amount: string, part: string): string => new BigNumber(amount).minus(part).toFixed()

/**
 * Every kind of payer, by how they pay. Who sends a second transfer looks at the page first: one contract's reads show no more
 * than the newest transfer.
 */
const PAYERS = {
  atOnce: ({ control }, { kobbopay_id, amount }) => {
    control.pay(kobbopay_id, { due: amount, confirm: true })
  },
  confirmedLater: async (tools, { kobbopay_id, amount }) => {
    tools.control.pay(kobbopay_id, { due: amount })
    await between(tools, 1, 10)
    tools.control.confirm(kobbopay_id)
  },
  neverConfirmed: ({ control }, { kobbopay_id, amount }) => {
    control.pay(kobbopay_id, { due: amount })
  },
  tooLittle: ({ control }, { kobbopay_id, amount }) => {
    control.underpay(kobbopay_id, { due: amount, confirm: true })
  },
  tooLittleThenTheRest: async (tools, { kobbopay_id, amount, token }) => {
    const first = half(amount)
    tools.control.pay(kobbopay_id, { amount: first, due: amount, confirm: true })
    if (await tools.shown(token)) {
      tools.control.pay(kobbopay_id, { amount: less(amount, first), due: amount, confirm: true })
    }
  },
  tooMuch: ({ control }, { kobbopay_id, amount }) => {
    control.overpay(kobbopay_id, { due: amount, confirm: true })
  },
  twice: async (tools, { kobbopay_id, amount, token }) => {
    tools.control.pay(kobbopay_id, { due: amount, confirm: true })
    if (await tools.shown(token)) {
      tools.control.secondTransfer(kobbopay_id, { due: amount, confirm: true })
    }
  },
  afterTheEnd: async (tools, { kobbopay_id, amount }) => {
    tools.control.expire(kobbopay_id)
    tools.diary.note(kobbopay_id, "expire")
    await between(tools, 1, 12)
    tools.control.payLate(kobbopay_id, { due: amount, confirm: true })
  },
  afterOurPatience: async (tools, { kobbopay_id, amount }) => {
    await pause(EXPIRY.closePendingAfter + tools.dice.between(2, 15) * SECOND)
    tools.control.pay(kobbopay_id, { due: amount, confirm: true })
  },
  otherToken: ({ control }, { kobbopay_id, amount }) => {
    control.payOtherToken(kobbopay_id, { due: amount, confirm: true })
  },
  expires: ({ control, diary }, { kobbopay_id }) => {
    control.expire(kobbopay_id)
    diary.note(kobbopay_id, "expire")
  },
  fails: ({ control, diary }, { kobbopay_id }) => {
    control.fail(kobbopay_id)
    diary.note(kobbopay_id, "fail")
  },
  never: () => undefined,
} satisfies Record<string, Payer>

type PayerKind = keyof typeof PAYERS

const WEIGHTS: readonly (readonly [PayerKind, number])[] = [
  ["atOnce", 4],
  ["confirmedLater", 4],
  ["neverConfirmed", 1],
  ["tooLittle", 1],
  ["tooLittleThenTheRest", 1],
  ["tooMuch", 1],
  ["twice", 1],
  ["afterTheEnd", 1],
  ["afterOurPatience", 1],
  ["otherToken", 1],
  ["expires", 1],
  ["fails", 1],
  ["never", 2],
]

export const anyPayer = (dice: Dice): PayerKind => dice.weighted(WEIGHTS)

/** Lets one payer of that kind do what they do. */
export async function payAs(kind: PayerKind, tools: Tools, payable: Payable): Promise<void> {
  const payer: Payer = PAYERS[kind]
  await payer(tools, payable)
}
