import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { type LoadOrder, type LoadOutcome, outcomeSchema } from "./load-process"

/** A process of its own that makes the load, so that it does not share a thread with what it measures. */
export class Load {
  readonly #child: ChildProcess = fork(join(__dirname, "load-process.ts"), {
    execArgv: ["-r", "ts-node/register/transpile-only"],
  })

  /** @throws Error when the process ends, as it does when the store closes a connection. */
  async run(order: LoadOrder): Promise<LoadOutcome> {
    const over = new AbortController()
    const ended = once(this.#child, "exit", over).then(() => {
      throw new Error("the load process ended")
    })
    const answered = once(this.#child, "message", over)
    this.#child.send(order)
    try {
      const [outcome] = (await Promise.race([answered, ended])) as unknown[]
      return outcomeSchema.parse(outcome)
    } finally {
      ended.catch(() => undefined)
      over.abort()
    }
  }

  close(): void {
    this.#child.disconnect()
  }
}
