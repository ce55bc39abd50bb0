import { setTimeout as pause } from "node:timers/promises"
import { z } from "@medusajs/framework/zod"
import { ADMIN } from "../demo/admin"
import { HttpError } from "../support/http"
import { Merchant } from "../support/merchant"
import { type Checkout, type Purchase, type SessionData, Shopper } from "../support/shopper"
import { Diary } from "./diary"
import { Dice } from "./dice"
import { ACCOUNTS, type Ground, providerOf } from "./ground"
import { anyPayer, payAs } from "./payers"

const TRIES = 8
const ANSWER_WITHIN_MS = 30_000
const WATCHES_PAGE_FOR_MS = 30_000
const RAILS = ["usdt-tron", "usdt-bsc"] as const

type Counts = { checkouts: number; orders: number; gaveUp: number; cancelled: number }
const REASON_LENGTH = 160

/** Shoppers, payers and a merchant over HTTP, through whichever process answers. */
export class Load {
  readonly diary = new Diary()
  readonly counts: Counts = { checkouts: 0, orders: 0, gaveUp: 0, cancelled: 0 }
  /** Why shoppers gave up, and how many did. */
  readonly reasons = new Map<string, number>()
  readonly #dice: Dice
  readonly #payers = new Set<Promise<void>>()
  #shoppers: Promise<void>[] = []
  #open = true

  constructor(
    private readonly ground: Ground,
    seed: number,
    private readonly tell: (line: string) => void,
  ) {
    this.#dice = new Dice(seed)
  }

  start(shoppers: number): void {
    this.#shoppers = Array.from({ length: shoppers }, () => this.#shopAndShop())
  }

  /** Lets shoppers finish what they began, and then the payers. */
  async finish(): Promise<void> {
    this.#open = false
    await Promise.all(this.#shoppers)
    await Promise.all(this.#payers)
  }

  async #shopAndShop(): Promise<void> {
    while (this.#open) {
      await this.#shop().catch((cause: unknown) => {
        const reason = String(cause).slice(0, REASON_LENGTH)
        this.counts.gaveUp += 1
        this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
      })
      await pause(this.#dice.between(200, 1_500))
    }
  }

  /** One shopper: from the empty cart to the order, or as far as they get. */
  async #shop(): Promise<void> {
    const dice = this.#dice
    const shipped = dice.chance(0.4)
    const purchase: Purchase = {
      product: shipped ? this.ground.store.physical : this.ground.store.digital,
      shipped,
      rail: dice.oneOf(RAILS) ?? RAILS[0],
      provider: providerOf(dice.oneOf(Object.values(ACCOUNTS)) ?? ACCOUNTS.docs),
    }
    const cartId = await this.#patiently((shopper) => shopper.cart(purchase))
    const collectionId = await this.#patiently((shopper) => shopper.collection(cartId))
    const session = await this.#patiently((shopper) => shopper.session(collectionId, purchase))
    this.counts.checkouts += 1
    const shown = dice.chance(0.1)
      ? await this.#changeRail({ cartId, collectionId, session }, purchase)
      : session
    if (dice.chance(0.08)) return this.#startPayer(shown) // and never comes back to the shop
    const isHasty = dice.chance(0.15)
    if (isHasty) this.#startPayer(shown)
    try {
      const order = await this.#patiently((shopper) => shopper.complete(cartId))
      this.counts.orders += 1
      if (dice.chance(0.06)) await this.#cancel(order.id)
    } finally {
      if (!isHasty) this.#startPayer(shown)
    }
  }

  /** Another rail after all; some pay to the first address all the same. */
  async #changeRail(
    { collectionId, session: first }: Checkout,
    purchase: Purchase,
  ): Promise<SessionData> {
    const rail = purchase.rail === RAILS[0] ? RAILS[1] : RAILS[0]
    this.diary.note(first.kobbopay_id, "leave")
    const second = await this.#patiently((shopper) =>
      shopper.session(collectionId, { ...purchase, rail }),
    )
    if (this.#dice.chance(0.5)) this.#startPayer(first)
    return second
  }

  /** The merchant cancels an order that waits for its payment. */
  async #cancel(orderId: string): Promise<void> {
    await this.#somewhere(async (url) => {
      const merchant = await Merchant.login(url, ADMIN)
      await merchant.call(`/admin/orders/${orderId}/cancel`, z.unknown(), { method: "POST" })
    }).then(
      () => (this.counts.cancelled += 1),
      () => undefined, // refused, or cancelled by a try whose answer was lost
    )
  }

  #startPayer(payable: SessionData): void {
    const kind = anyPayer(this.#dice)
    const { control } = this.ground.sandbox
    const tools = {
      control,
      diary: this.diary,
      dice: this.#dice,
      shown: (token: string) => this.#shown(token),
    }
    const payer: Promise<void> = payAs(kind, tools, payable)
      .catch((cause: unknown) => this.tell(`a payer (${kind}) was surprised: ${String(cause)}`))
      .finally(() => this.#payers.delete(payer))
    this.#payers.add(payer)
  }

  async #shown(token: string): Promise<boolean> {
    const deadline = Date.now() + WATCHES_PAGE_FOR_MS
    while (Date.now() < deadline) {
      await pause(500)
      const page = await this.#somewhere((url) =>
        new Shopper(url, this.ground.store).payment(token),
      ).catch(() => null)
      if (page !== null && page.amount_received !== null && page.amount_received !== "0")
        return true
    }
    return false
  }

  #patiently<T>(act: (shopper: Shopper) => Promise<T>): Promise<T> {
    return this.#somewhere((url) => act(new Shopper(url, this.ground.store)))
  }

  /**
   * Tries on another process when one is gone, as a browser behind a load balancer would; not when the shop says no.
   *
   * @throws GivenUp
   */
  async #somewhere<T>(act: (url: string) => Promise<T>): Promise<T> {
    let last: unknown = "no process answers"
    for (let count = 0; count < TRIES; count++) {
      const url = this.#dice.oneOf(this.ground.cluster.urls)
      if (url !== undefined) {
        try {
          return await within(act(url), ANSWER_WITHIN_MS)
        } catch (cause) {
          last = cause
          if (isFinal(cause)) break
        }
      }
      await pause(this.#dice.between(300, 1_500))
    }
    throw new GivenUp(String(last))
  }
}

/** Whether the shop said no: neither that it could not just now, nor that somebody else is at it. */
function isFinal(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  if (cause.message.startsWith("the cart was not completed")) return true
  const isRefusal = cause instanceof HttpError && cause.status < 500 && cause.status !== 409
  return isRefusal && !cause.message.includes("not available right now")
}

/** The shop said no, or said nothing for too long. */
class GivenUp extends Error {
  override name = "GivenUp"
}

async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController()
  try {
    return await Promise.race([
      answer,
      pause(ms, undefined, { signal: late.signal }).then(() => {
        throw new Error(`no answer within ${ms} ms`)
      }),
    ])
  } finally {
    late.abort()
  }
}
