/** What somebody did to a payment that its final state does not tell. */
type Act =
  /** Kobbopay ended it. */
  | "expire"
  | "fail"
  /** The shopper chose another rail, so the checkout no longer shows it. */
  | "leave"

/** What happened to payments during the run, in the shoppers' and payers' own words. */
export class Diary {
  readonly #acts = new Map<string, { act: Act; at: number }[]>()

  note(kobbopayId: string, act: Act): void {
    const acts = this.#acts.get(kobbopayId) ?? []
    this.#acts.set(kobbopayId, [...acts, { act, at: Date.now() }])
  }

  did(kobbopayId: string, act: Act): boolean {
    return this.of(kobbopayId).some((one) => one.act === act)
  }

  /** Whether Kobbopay ended the payment at some time. */
  ended(kobbopayId: string): boolean {
    return this.did(kobbopayId, "expire") || this.did(kobbopayId, "fail")
  }

  of(kobbopayId: string): readonly { act: Act; at: number }[] {
    return this.#acts.get(kobbopayId) ?? []
  }
}
