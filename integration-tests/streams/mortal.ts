import type { Knex } from "@medusajs/framework/mikro-orm/knex"
import type { Sql } from "../../src/store/sql"
import type { Deps } from "../../src/work/deps"
import { Worker } from "../../src/work/worker"
import type { World } from "../support/store-suite"

/** What a call of a process that is no more comes to. */
class Died extends Error {}

/**
 * A worker that can be killed: from one call of the database or of Medusa to the next it is gone, before
 * that call or right after it was done, and nothing that it holds is given back.
 */
export class MortalWorker {
  readonly #worker: Worker
  readonly #owner: string
  #callsLeft = Number.POSITIVE_INFINITY
  #isDoneFirst = false
  #isDead = false

  constructor(
    private readonly world: World,
    deps: Deps,
    name: string,
  ) {
    this.#owner = name
    const quiet = () => undefined
    this.#worker = new Worker({
      ...deps,
      owner: name,
      log: { info: quiet, warn: quiet, error: quiet },
      sql: this.#mortalSql(deps.sql),
      medusa: this.#mortal(deps.medusa),
      entitlements: this.#mortal(deps.entitlements),
    })
  }

  get isDead(): boolean {
    return this.#isDead
  }

  wake(): void {
    this.#worker.wake()
  }

  drain(): Promise<void> {
    return this.#worker.drain()
  }

  /** Dies at the so-many-th call from now; `done`: that call is done, and only its answer is lost. */
  dieAfter(calls: number, done: boolean): void {
    this.#callsLeft = Math.min(this.#callsLeft, calls)
    this.#isDoneFirst = done
  }

  /** Ends it for good, and lets its leases run out, as time would. */
  async bury(): Promise<void> {
    this.#isDead = true
    await this.#worker.stop()
    await this.world.rows(
      `UPDATE kobbopay_collection SET lease_until = clock_timestamp() - interval '1 second' WHERE lease_owner = ?`,
      [this.#owner],
    )
  }

  #mortal<T extends object>(side: T): T {
    return new Proxy(side, {
      get: (of, key): unknown => {
        const member: unknown = Reflect.get(of, key)
        if (typeof member !== "function") return member
        return (...given: unknown[]) =>
          this.#call(() => Promise.resolve().then((): unknown => Reflect.apply(member, of, given)))
      },
    })
  }

  #mortalSql(sql: Sql): Sql {
    const rest = this.#mortal(sql)
    const raw = (statement: string, bindings: Knex.RawBinding[]) => {
      let options: Readonly<{ [key: string]: unknown }> = {}
      const called = this.#call(() =>
        Promise.resolve().then((): unknown => sql.raw(statement, bindings).options(options)),
      )
      // Told right after the call, and so before it is made: whether the statement has a name.
      const named = (given: typeof options) => {
        options = given
        return called
      }
      return Object.assign(called, { options: named })
    }
    return new Proxy(sql, {
      get: (_, key): unknown => (key === "raw" ? raw : Reflect.get(rest, key)),
    })
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.#callsLeft -= 1
    const dies = this.#callsLeft < 0
    if (this.#isDead || (dies && !this.#isDoneFirst)) {
      this.#isDead = true
      throw new Died("killed")
    }
    if (dies) this.#isDead = true
    const result = await work()
    // Whatever was under way when it died was done all the same; its answer reaches nobody.
    if (this.#isDead) throw new Died("killed")
    return result
  }
}
