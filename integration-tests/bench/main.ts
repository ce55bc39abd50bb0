import { readFile, writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { measureAck } from "./ack"
import { measureBoot } from "./boot"
import { measureCheckout } from "./checkout"
import { measureDrain } from "./drain"
import { measureGrowth } from "./growth"
import { measureMemory } from "./memory"
import { measureSettle } from "./settle"
import { measureVerify } from "./verify"
import { reportSchema, type Result } from "./figures"
import { Load } from "./load"
import { machine, versions } from "./machine"
import type { Bench, Measure } from "./measure"
import { table, writePage } from "./page"
import { HELP, readSettings, type Settings, UsageError } from "./settings"
import { type BenchStore, openStore } from "./store"

/** In this order; what disturbs the store most comes last. */
const MEASURES: Measure[] = [
  { name: "verify", run: measureVerify },
  { name: "ack", run: measureAck },
  { name: "settle", run: measureSettle },
  { name: "drain", run: measureDrain },
  { name: "checkout", run: measureCheckout },
  { name: "growth", run: measureGrowth },
  { name: "memory", run: measureMemory },
  { name: "boot", run: measureBoot },
]

const seconds = () => performance.now() / 1_000
const tell = (line: string) => console.log(`[${seconds().toFixed(1).padStart(6)} s] ${line}`)

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2))
  if (settings === null) return console.log(HELP)
  const { only } = settings
  // The name of a result, such as ack_vs_route, stands for its measure.
  const isMeant = (asked: string, { name }: Measure) => asked.split("_")[0] === name
  const unknown = only?.find((asked) => !MEASURES.some((measure) => isMeant(asked, measure)))
  if (unknown !== undefined) throw new UsageError(`there is no measure "${unknown}"\n\n${HELP}`)
  const chosen = MEASURES.filter((one) => only?.some((asked) => isMeant(asked, one)) ?? true)
  const results = await measured(chosen, settings)
  console.log(`\n${table(results)}\n`)
  const earlier = only === null ? [] : await earlierResults(settings.json)
  const names = new Set(results.map(({ name }) => name))
  const report = {
    machine: machine(),
    versions: await versions(),
    results: [...earlier.filter(({ name }) => !names.has(name)), ...results],
  }
  if (settings.json !== null) {
    await writeFile(resolve(settings.json), `${JSON.stringify(report, null, 2)}\n`)
  }
  if (settings.page) await writePage(report)
}

async function earlierResults(file: string | null): Promise<Result[]> {
  if (file === null) return []
  const text = await readFile(resolve(file), "utf8").catch(() => null)
  return text === null ? [] : reportSchema.parse(JSON.parse(text)).results
}

async function measured(measures: Measure[], settings: Settings): Promise<Result[]> {
  tell("Making the store (about 30 s)")
  const store = await openStore(settings.profileTo === null ? null : resolve(settings.profileTo))
  const load = new Load()
  try {
    const bench: Bench = { store, load, quick: settings.quick, tell, committed: committedIn(store) }
    const results: Result[] = []
    for (const { name, run } of measures) {
      tell(`Measuring ${name}`)
      results.push(...(await run(bench)))
    }
    return results
  } finally {
    load.close()
    await store.close()
  }
}

const committedIn = (store: BenchStore) => async (events: number) => {
  const { rows } = await store.sql.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM kobbopay_event",
  )
  if (rows[0]?.n !== events) {
    throw new Error(`${events} webhooks were answered with 200, and ${rows[0]?.n} are committed`)
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error)
    process.exit(1)
  },
)
