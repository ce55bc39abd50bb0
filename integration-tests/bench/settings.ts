import { parseArgs } from "node:util"

export const HELP = `Usage: npm run bench [-- options]

Measures the plugin beside what it is compared with: PostgreSQL that commits to the disk, Medusa
started as in production with its request log on, a stand-in for Kobbopay, and load from a process
of its own. Each figure is a ratio of medians over interleaved rounds, with its spread. Nothing
outside this machine is needed; let nothing else run on it meanwhile.

Options
  --json FILE      writes machine, versions and results to FILE; with --only, other results of an
                   earlier run stay in it
  --page           writes the table of all these results into docs/performance.md
  --only NAME,…    some measures, by their names: verify, ack, settle, drain, checkout, growth,
                   memory, boot
  --quick          fewer rounds and rows, under eight minutes
  --cpu-prof DIR   has Node profile the store, into DIR
  --help           this text
`

export class UsageError extends Error {}

export type Settings = {
  json: string | null
  page: boolean
  /** Null: all. */
  only: string[] | null
  quick: boolean
  profileTo: string | null
}

/**
 * Reads the arguments; `null` when only the help is asked for.
 *
 * @throws UsageError for an argument that is not known.
 */
export function readSettings(args: string[]): Settings | null {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: "string" },
        page: { type: "boolean", default: false },
        only: { type: "string" },
        quick: { type: "boolean", default: false },
        "cpu-prof": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    })
    if (values.help) return null
    return {
      json: values.json ?? null,
      page: values.page,
      only: values.only?.split(",") ?? null,
      quick: values.quick,
      profileTo: values["cpu-prof"] ?? null,
    }
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}
