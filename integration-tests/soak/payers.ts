import { setTimeout as pause } from "node:timers/promises"
import { BigNumber } from "bignumber.js"
import type { Sandbox } from "../../src/sandbox"
import type { SessionData } from "../support/shopper"
import type { Diary } from "./diary"
import type { Dice } from "./dice"
import { EXPIRY } from "./ground"

export type Payable = Pick<SessionData, "kobbopay_id" | "amount" | "token">

/** What a payer has at hand. */
type Hands = {
  control: Sandbox["control"]
  diary: Diary
  dice: Dice
  /** Whether the shop's page shows money on the payment, asked until it does or for some time. */
  shown: (token: string) => Promise<boolean>
}

type Payer = (hands: Hands, payable: Payable) => Promise<void> | void

const SECOND = 1_000
const between = ({ dice }: Hands, least: number, most: number) =>
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
  confirmedLater: async (hands, { kobbopay_id, amount }) => {
    hands.control.pay(kobbopay_id, { due: amount })
    await between(hands, 1, 10)
    hands.control.confirm(kobbopay_id)
  },
  neverConfirmed: ({ control }, { kobbopay_id, amount }) => {
    control.pay(kobbopay_id, { due: amount })
  },
  tooLittle: ({ control }, { kobbopay_id, amount }) => {
    control.underpay(kobbopay_id, { due: amount, confirm: true })
  },
  tooLittleThenTheRest: async (hands, { kobbopay_id, amount, token }) => {
    const first = half(amount)
    hands.control.pay(kobbopay_id, { amount: first, due: amount, confirm: true })
    if (await hands.shown(token)) {
      hands.control.pay(kobbopay_id, { amount: less(amount, first), due: amount, confirm: true })
    }
  },
  tooMuch: ({ control }, { kobbopay_id, amount }) => {
    control.overpay(kobbopay_id, { due: amount, confirm: true })
  },
  twice: async (hands, { kobbopay_id, amount, token }) => {
    hands.control.pay(kobbopay_id, { due: amount, confirm: true })
    if (await hands.shown(token)) {
      hands.control.secondTransfer(kobbopay_id, { due: amount, confirm: true })
    }
  },
  afterTheEnd: async (hands, { kobbopay_id, amount }) => {
    hands.control.expire(kobbopay_id)
    hands.diary.note(kobbopay_id, "expire")
    await between(hands, 1, 12)
    hands.control.payLate(kobbopay_id, { due: amount, confirm: true })
  },
  afterOurPatience: async (hands, { kobbopay_id, amount }) => {
    await pause(EXPIRY.closePendingAfter + hands.dice.between(2, 15) * SECOND)
    hands.control.pay(kobbopay_id, { due: amount, confirm: true })
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

export type PayerKind = keyof typeof PAYERS

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
export async function payAs(kind: PayerKind, hands: Hands, payable: Payable): Promise<void> {
  const payer: Payer = PAYERS[kind]
  await payer(hands, payable)
}
