import { HELP, readCommand, type StartOptions, UsageError } from "./command-line"
import { factsOf } from "./errors"
import { type Sandbox, startSandbox, StateError } from "./index"
import { welcome } from "./welcome"

export type Surroundings = {
  env: Readonly<Record<string, string | undefined>>
  out: (text: string) => void
  err: (text: string) => void
}

/**
 * Runs the command. Answers the sandbox that was started, or the exit code when there is nothing
 * to keep running: 0 after help, 1 when it could not be started (the reason went to `err`).
 */
export async function main(
  args: readonly string[],
  around: Surroundings,
): Promise<Sandbox | number> {
  try {
    const command = readCommand(args, around.env)
    if (command.help) {
      around.out(HELP)
      return 0
    }
    const sandbox = await startSandbox({
      ...command.options,
      tell: (line) => around.err(`${line}\n`),
    }).catch((error: unknown) => {
      throw explained(error, command.options)
    })
    around.out(welcome(sandbox.url, command.options, command.shown))
    return sandbox
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    around.err(`${error.message}\nAll options: medusa-payment-kobbopay sandbox --help\n`)
    return 1
  }
}

/** The ways in which listening fails, each with its fix; anything else stays what it is. */
function explained(error: unknown, { host, port }: StartOptions): unknown {
  if (error instanceof StateError) return new UsageError(`--state: ${error.message}`)
  switch (factsOf(error).code) {
    case "EADDRINUSE":
      return new UsageError(
        `port ${port} is taken: stop what listens there, or give another with --port (0: any free one)`,
      )
    case "EACCES":
      return new UsageError(`port ${port} is not allowed to you: give one above 1023 with --port`)
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new UsageError(`--host: this machine has no address "${host}"; 127.0.0.1 always works`)
    default:
      return error
  }
}
