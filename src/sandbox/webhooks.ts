import { setTimeout as wait } from "node:timers/promises"

import { Agent, request } from "undici"

import { SandboxError } from "./errors"
import { Gauge } from "./gauge"
import type { ProfileName } from "./payments"
import type { WeatherStation } from "./weather"
import type { Composed, Wire } from "./wire"

/** One event on its way: what is sent stays the same, each try is signed anew. */
type OutgoingEvent = Composed & {
  wire: Wire
  type: string
  paymentId: string
  reference: string
}

/** One try to deliver an event, or the reason why there was none. */
export type Delivery = {
  id: string
  event_id: string
  event: string
  profile: ProfileName
  payment_id: string
  reference: string
  try: number
  at: string
  url: string | null
  outcome: "sending" | "delivered" | "refused" | "timeout" | "failed" | "dropped" | "no_url"
  /** The receiver's HTTP status; null without an answer. */
  status: number | null
  /** What was wrong with it on purpose. */
  faults: ("duplicate" | "reordered" | "stale_timestamp" | "wrong_signature")[]
}

export type WebhookTarget = { url: string | null; secret: Record<ProfileName, string> }

type SenderOptions = {
  target: WebhookTarget
  /** Waits before the second try, the third, and so on; after the last the event is given up. */
  delaysMs: readonly number[]
  timeoutMs: number
  weather: WeatherStation
  now: () => number
  newId: (prefix: string) => string
  /** Told, in words, of what no further try will mend. */
  tell: (line: string) => void
}

/** Tries of one event that may all be answered 401: the receiver does not know the signature, and will not. */
const MOST_UNKNOWN = 5

/** How many deliveries are remembered; the oldest are forgotten first. */
const REMEMBERED = 20_000

type Row = { delivery: Delivery; event: OutgoingEvent }

/**
 * Sends events at least once. A payment's events start in order, each after the first try of the one
 * before; retries overtake and are overtaken, as they may at Kobbopay.
 */
export class WebhookSender {
  target: WebhookTarget
  readonly gauge = new Gauge()
  readonly #agent = new Agent({ connections: 32 })
  readonly #closing = new AbortController()
  readonly #rows: Row[] = []
  readonly #lanes = new Map<string, Promise<void>>()
  readonly #held = new Map<string, Set<() => void>>()

  constructor(private readonly options: SenderOptions) {
    this.target = options.target
  }

  /** Starts delivering an event; `gauge` tells when all that was started has ended. */
  send(event: OutgoingEvent): void {
    const { weather } = this.options
    if (this.target.url === null) return void this.#record(event, 0, "no_url", [])
    if (weather.strikes("drop")) return void this.#record(event, 0, "dropped", [])
    const held = weather.strikes("reorder")
    this.gauge.track(held ? this.#deliverLate(event, held.holdMs) : this.#deliverInOrder(event))
  }

  /** Delivers the event of an earlier delivery again. Throws a SandboxError (404). */
  redeliver(deliveryId: string): void {
    const row = this.#rows.find(({ delivery }) => delivery.id === deliveryId)
    if (!row) throw new SandboxError(404, `there is no delivery "${deliveryId}"`)
    this.send(row.event)
  }

  /** Every try remembered, oldest first. */
  deliveries(): Delivery[] {
    return this.#rows.map(({ delivery }) => ({ ...delivery, faults: [...delivery.faults] }))
  }

  /** Ends every wait and every request under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.gauge.quiet()
    await this.#agent.destroy()
  }

  async #deliverInOrder(event: OutgoingEvent): Promise<void> {
    const before = this.#lanes.get(event.paymentId)
    const delay = this.#wait(this.options.weather.delay())
    const first = Promise.all([before, delay]).then(() => this.#firstTry(event, []))
    const lane = first.then(() => this.#release(event.paymentId))
    this.#lanes.set(event.paymentId, lane)
    const delivered = await first
    await lane
    if (this.#lanes.get(event.paymentId) === lane) this.#lanes.delete(event.paymentId)
    if (!delivered) await this.#retry(event)
  }

  async #deliverLate(event: OutgoingEvent, holdMs: number): Promise<void> {
    const waiting = this.#held.get(event.paymentId) ?? new Set()
    this.#held.set(event.paymentId, waiting)
    const overtaken = new Promise<void>((resolve) => waiting.add(resolve))
    await Promise.race([overtaken, this.#wait(holdMs)])
    if (!(await this.#firstTry(event, ["reordered"]))) await this.#retry(event)
  }

  #release(paymentId: string): void {
    for (const go of this.#held.get(paymentId) ?? []) go()
    this.#held.delete(paymentId)
  }

  async #firstTry(event: OutgoingEvent, faults: Delivery["faults"]): Promise<boolean> {
    const copies = this.options.weather.strikes("duplicates")?.copies ?? 0
    const extra = Array.from({ length: copies }, () =>
      this.#try(event, 1, ["duplicate", ...faults]),
    )
    const [delivered] = await Promise.all([this.#try(event, 1, faults), ...extra])
    return delivered
  }

  async #retry(event: OutgoingEvent): Promise<void> {
    for (const [index, delayMs] of this.options.delaysMs.entries()) {
      if (this.#isUnknownThere(event, index + 1)) return
      await this.#wait(delayMs)
      if (this.#closing.signal.aborted || (await this.#try(event, index + 2, []))) return
    }
  }

  /** Whether a receiver refuses the event's signature for good; a try or two may be wrong by the weather. */
  #isUnknownThere({ type, wire, eventId }: OutgoingEvent, tries: number): boolean {
    const own = this.#rows.filter(({ event }) => event.eventId === eventId).slice(-tries)
    if (own.length < tries || own.some(({ delivery }) => delivery.status !== 401)) return false
    const about = `${type} (profile ${wire.profile}) was answered 401`
    const fix = `does the store have an account of profile ${wire.profile} with this webhook secret? Start with --profile, or look at webhook.secrets`
    if (tries === 1) this.options.tell(`${about}: ${fix}.`)
    if (tries < MOST_UNKNOWN) return false
    this.options.tell(`${about} ${tries} times, and is not sent again: ${fix}.`)
    return true
  }

  /** One request. True when the receiver took it, or when there is no point in another try. */
  async #try(event: OutgoingEvent, number: number, known: Delivery["faults"]): Promise<boolean> {
    const { url } = this.target
    if (this.#closing.signal.aborted) return true
    if (url === null) {
      this.#record(event, number, "no_url", known)
      return true
    }
    const faults = [...known]
    const delivery = this.#record(event, number, "sending", faults)
    const headers = this.#sign(event, delivery.id, faults)
    delivery.faults = faults
    const timeout = AbortSignal.timeout(this.options.timeoutMs)
    try {
      const answer = await request(url, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          "user-agent": "kobbopay-sandbox",
        },
        body: event.body,
        dispatcher: this.#agent,
        signal: AbortSignal.any([timeout, this.#closing.signal]),
      })
      delivery.status = answer.statusCode
      await answer.body.dump({ limit: 65_536 })
      const taken = answer.statusCode >= 200 && answer.statusCode < 300
      delivery.outcome = taken ? "delivered" : "refused"
      return taken
    } catch {
      delivery.outcome = timeout.aborted ? "timeout" : "failed"
      return false
    }
  }

  #sign(event: OutgoingEvent, deliveryId: string, faults: Delivery["faults"]) {
    const { weather, now } = this.options
    const { webhook, profile } = event.wire
    const stale = webhook.timestamped ? weather.strikes("staleTimestamp") : null
    const wrong = weather.strikes("wrongSignature")
    if (stale) faults.push("stale_timestamp")
    if (wrong) faults.push("wrong_signature")
    const secret = this.target.secret[profile]
    return webhook.headers(event, {
      secret: wrong ? `not ${secret}` : secret,
      timestamp: Math.floor(now() / 1000) - (stale?.seconds ?? 0),
      deliveryId,
    })
  }

  #record(
    event: OutgoingEvent,
    number: number,
    outcome: Delivery["outcome"],
    faults: Delivery["faults"],
  ): Delivery {
    const delivery: Delivery = {
      id: this.options.newId("dlv_"),
      event_id: event.eventId,
      event: event.type,
      profile: event.wire.profile,
      payment_id: event.paymentId,
      reference: event.reference,
      try: number,
      at: new Date(this.options.now()).toISOString(),
      url: this.target.url,
      outcome,
      status: null,
      faults,
    }
    this.#rows.push({ delivery, event })
    if (this.#rows.length > REMEMBERED) this.#rows.shift()
    return delivery
  }

  /** Waits; cut short, without an error, when the sender closes. */
  async #wait(ms: number): Promise<void> {
    if (ms > 0) await wait(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}
