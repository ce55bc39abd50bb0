import { parseArgs } from "node:util"
import { z } from "@medusajs/framework/zod"
import { UsageError } from "../demo/settings"

export const HELP = `Usage: npm run soak -- --seconds N [options]

Many shoppers, payers of every kind, several Medusa processes over one PostgreSQL, and trouble: processes
are killed, PostgreSQL crashes, the stand-in for Kobbopay storms and goes away. Then everything is let
come to rest, and every payment is compared with the books: what is lost, doubled or stuck makes the run
fail. The last line on stdout is one JSON object, findings go to stderr. Nothing outside this machine is
needed. Ctrl-C stops everything it started.

Options
  --seconds N      how long there is load and trouble; booting, draining and the audit come on top
  --processes N    Medusa processes                                            3
  --redis          a Redis for events, workflows, locks and caching; without it the processes share
                   only PostgreSQL and run in different modes (shared, server, worker)
  --shoppers N     shoppers at the same time                                   4
  --seed N         the dice of shoppers, payers, weather and trouble           drawn anew
  --streams N      permuted event streams instead of processes; alone, or after the load
  --help           this text
`

export type Settings = {
  /** Null: no load, only streams. */
  seconds: number | null
  processes: number
  redis: boolean
  shoppers: number
  seed: number
  /** Null: none. */
  streams: number | null
}

const whole = (least: number, most: number) =>
  z.coerce
    .number({ error: "is no number" })
    .int({ error: "is no whole number" })
    .min(least, { error: `is below ${least}` })
    .max(most, { error: `is above ${most}` })

const flags = z.object({
  seconds: whole(10, 86_400).optional(),
  processes: whole(1, 16).default(3),
  redis: z.boolean().default(false),
  shoppers: whole(1, 64).default(4),
  seed: whole(0, 4_294_967_295).optional(),
  streams: whole(1, 100_000_000).optional(),
})

/**
 * Reads the command line; `null` when only the help is asked for. `drawn` is the seed when none is given.
 *
 * @throws UsageError naming each option at fault.
 */
export function readSettings(args: string[], drawn: number): Settings | null {
  const { help, ...given } = split(args)
  if (help === true) {
    return null
  }
  const read = flags.safeParse(given)
  if (!read.success) {
    const faults = read.error.issues.map((issue) => `--${issue.path.join(".")} ${issue.message}`)
    throw new UsageError(faults.join("\n"))
  }
  const { seconds = null, streams = null, seed = drawn, ...others } = read.data
  if (seconds === null && streams === null) {
    throw new UsageError(`How long? Give --seconds N.\n\n${HELP}`)
  }
  return { ...others, seconds, streams, seed }
}

function split(args: string[]) {
  const text = { type: "string" } as const
  try {
    const { values } = parseArgs({
      args,
      options: {
        seconds: text,
        processes: text,
        redis: { type: "boolean" },
        shoppers: text,
        seed: text,
        streams: text,
        help: { type: "boolean", short: "h" },
      },
    })
    return values
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}
