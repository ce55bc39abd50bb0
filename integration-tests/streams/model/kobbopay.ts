import { brandAs, type KobbopayId, type Reference } from "../../../src/domain/ids"
import type { Reading, ReportedState } from "../../../src/domain/reading"
import type { Dice } from "./dice"
import {
  after,
  ASKED,
  reportOf,
  ownSum,
  UNTOUCHED,
  wordOf,
  type Move,
  type Version,
  type Truth,
} from "./truth"

/** An event on its way to the shop. */
export type Sent = { id: string; payment: number; reportedState: ReportedState | null }

type Remote = {
  /** Every moment of the payment; reads may show any since the last calm. */
  versions: Version[]
  floor: number
  /** The moments that reads have shown the shop. */
  shown: Set<Version>
}

const RAIL = { asset: "USDT", network: "Tron", token: "USDTTRC" } as const
const OTHER = { network: "BNB Smart Chain", token: "USDTBSC" } as const

export const referenceOf = (payment: number): Reference =>
  brandAs<Reference>(`reference-${payment}`)

/** The truth, and the weather between it and the shop. */
export class Kobbopay {
  readonly payments: Remote[]
  /** Sent and neither delivered nor lost yet. */
  inFlight: Sent[] = []
  readonly delivered: Sent[] = []
  #events = 0

  constructor(readonly truth: Truth) {
    this.payments = Array.from({ length: truth.payments }, () => ({
      versions: [UNTOUCHED],
      floor: 0,
      shown: new Set<Version>(),
    }))
  }

  happens(move: Move): void {
    if (!("payment" in move)) return
    const remote = this.#remote(move.payment)
    const next = after(this.truth, this.now(move.payment), move)
    if (next === null) throw new Error(`the truth does not allow ${JSON.stringify(move)}`)
    remote.versions.push(next)
    this.inFlight.push({
      id: `event-${this.#events++}`,
      payment: move.payment,
      reportedState: reportOf(this.truth, next, move),
    })
  }

  /** From here on reads show nothing older than what is so now. */
  catchUp(): void {
    for (const remote of this.payments) remote.floor = remote.versions.length - 1
  }

  now(payment: number): Version {
    return this.#remote(payment).versions.at(-1) ?? UNTOUCHED
  }

  /** What became final where reads could show it: each transfer on its own while it was the newest, or all. */
  finalMoney(payment: number): bigint {
    const { versions } = this.#remote(payment)
    return this.now(payment).transfers.reduce((sum, { amount, astray }, index) => {
      const isShown = versions.some(
        ({ transfers }) =>
          transfers[index]?.confirmed === true &&
          (this.truth.profile === "docs" || index === transfers.length - 1),
      )
      return isShown && !astray ? sum + amount : sum
    }, 0n)
  }

  shown(payment: number): ReadonlySet<Version> {
    return this.#remote(payment).shown
  }

  /** One read: null when it fails, else the truth of some moment since the last calm. */
  read(payment: number, dice: Dice): Reading | null {
    if (dice.once(8)) return null
    const { versions, floor, shown } = this.#remote(payment)
    const newest = versions.length - 1
    const version = versions[newest - dice.roll(newest - floor + 1)] ?? UNTOUCHED
    shown.add(version)
    return readingOf(this.truth, version, payment)
  }

  #remote(payment: number): Remote {
    const remote = this.payments[payment]
    if (remote === undefined) throw new Error(`there is no payment ${payment}`)
    return remote
  }
}

/** What a profile's read says of a payment: docs the sum and the list, invoice the newest transfer alone. */
function readingOf({ profile }: Truth, version: Version, payment: number): Reading {
  const transfers = version.transfers.map(({ amount, astray }, index) => ({
    hash: `hash-${payment}-${index}`,
    amountMinor: amount,
    astray,
  }))
  const own = transfers.filter((one) => !one.astray)
  const blank: Reading = {
    kobbopayId: brandAs<KobbopayId>(`remote-${payment}`),
    state: wordOf(profile, version),
    asset: null,
    network: null,
    token: null,
    reference: null,
    expectedMinor: null,
    receivedMinor: null,
    transfers: [],
    astray: false,
  }
  if (profile === "invoice") {
    const newest = transfers.at(-1)
    if (newest === undefined) return blank
    if (blank.state === "failed") return { ...blank, token: RAIL.token, transferFailed: true }
    if (newest.astray) return { ...blank, token: OTHER.token, astray: true }
    return { ...blank, token: RAIL.token, transfers: [money(newest)] }
  }
  const docs = {
    ...blank,
    asset: RAIL.asset,
    network: RAIL.network,
    reference: referenceOf(payment),
  }
  if (own.length === 0 && transfers.length > 0)
    return { ...docs, network: OTHER.network, astray: true }
  return {
    ...docs,
    network: own.length < transfers.length ? OTHER.network : RAIL.network,
    astray: own.length < transfers.length,
    expectedMinor: ASKED,
    receivedMinor: ownSum(version),
    transfers: own.map(money),
  }
}

const money = ({ hash, amountMinor }: { hash: string; amountMinor: bigint }) => ({
  hash,
  amountMinor,
})

export { RAIL }
