import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { acknowledge } from "./ack"
import { compared, type Result } from "./figures"
import type { Bench } from "./measure"

const run = promisify(execFile)
const SECONDS = 5
const MIB = 1_024

/** Resident memory while webhooks come in: of the last of them beside that of those before. */
export async function measureMemory(bench: Bench): Promise<Result[]> {
  const { store, quick, tell } = bench
  const count = quick ? 40_000 : 1_000_000
  const resident: number[] = []
  let sent = 0
  while (sent < count) {
    sent += (await acknowledge(bench, "kobbopay", `memory-${sent}`, SECONDS)).latencies.length
    resident.push(await residentMiB(store.pid))
    tell(`${sent} webhooks, ${Math.round(resident.at(-1) ?? 0)} MiB`)
    await store.sql.query("TRUNCATE kobbopay_event")
  }
  // The first fifth warms up; the rest is held against itself.
  const warm = resident.slice(Math.ceil(resident.length / 5))
  const half = Math.floor(warm.length / 2)
  return [
    compared(
      {
        name: "memory",
        unit: "MiB",
        what: `resident memory over the second half of ${sent.toLocaleString("en")} webhooks ÷ over the first half`,
        to_reach: "flat",
      },
      warm.slice(-half),
      warm.slice(0, half),
    ),
  ]
}

async function residentMiB(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)])
  return Number(stdout.trim()) / MIB
}
