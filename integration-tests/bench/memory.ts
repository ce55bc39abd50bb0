import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { acknowledge } from "./ack"
import { alone, type Result } from "./figures"
import type { Bench } from "./measure"

const run = promisify(execFile)
const SECONDS = 5
const MIB = 1_024

/** Resident memory while webhooks come in: how much the second half of them adds. */
export async function measureMemory(bench: Bench): Promise<Result[]> {
  const { store, quick, tell } = bench
  const wanted = quick ? 50_000 : 1_000_000
  const resident: number[] = []
  let sent = 0
  while (sent < wanted) {
    sent += (await acknowledge(bench, "kobbopay", `memory-${sent}`, SECONDS)).latencies.length
    resident.push(await residentMiB(store.pid))
    tell(`${sent} webhooks, ${Math.round(resident.at(-1) ?? 0)} MiB`)
    await store.sql.query("TRUNCATE kobbopay_event")
  }
  const half = resident.slice(Math.floor(resident.length / 2))
  return [
    alone(
      {
        name: "memory",
        unit: "MiB",
        what: `resident memory of the store during the second half of ${sent.toLocaleString("en")} webhooks`,
        to_reach: "flat",
      },
      half,
    ),
  ]
}

async function residentMiB(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)])
  return Number(stdout.trim()) / MIB
}
