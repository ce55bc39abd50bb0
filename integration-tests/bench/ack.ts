import { setTimeout as pause } from "node:timers/promises"
import { compared, median, quantile, type Result } from "./figures"
import type { Bench } from "./measure"
import type { LoadOutcome } from "./load-process"
import type { Target } from "./messages"

const CONNECTIONS = 8
/** Medusa's generic route starts its work five seconds after the answer: a round is over before, and rests until it is done. */
const ROUND_SECONDS = 4
const GENERIC_DELAY_MS = 5_000
const EXPECTED: Record<Target, number> = { kobbopay: 200, stripe: 200, nothing: 405, commit: 200 }

/** Signed webhooks per second, beside three other ways to answer, in turns over the same connections. */
export async function measureAck(bench: Bench): Promise<Result[]> {
  const rounds = bench.quick ? 4 : 10
  const targets: Target[] = ["kobbopay", "stripe", "nothing", "commit"]
  const seen: Record<Target, LoadOutcome[]> = { kobbopay: [], stripe: [], nothing: [], commit: [] }
  for (const target of targets) await one(bench, target, "warm", 2)
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) {
      seen[target].push(await one(bench, target, `r${round}`, ROUND_SECONDS))
    }
    targets.push(...targets.splice(0, 1)) // nobody is always first
  }
  const rate = (target: Target) => seen[target].map((outcome) => outcome.perSecond)
  const p99 = (target: Target) => seen[target].map(({ latencies }) => quantile(latencies, 0.99))
  bench.tell(targets.map((target) => `${target} ${Math.round(median(rate(target)))}/s`).join(", "))
  const line = { unit: "webhooks/s", what: "" }
  return [
    compared(
      {
        ...line,
        name: "ack_vs_builtin",
        what: "signed webhooks answered, committed, ÷ Stripe's on Medusa's generic route, kept in memory",
        to_reach: "≥ 1.0",
      },
      rate("kobbopay"),
      rate("stripe"),
    ),
    compared(
      {
        name: "ack_vs_builtin_p99",
        unit: "ms",
        what: "the slowest of a hundred of them ÷ the same of Stripe's",
        to_reach: "≤ 1.2",
      },
      p99("kobbopay"),
      p99("stripe"),
    ),
    compared(
      {
        ...line,
        name: "ack_vs_route",
        what: "÷ requests to a route that does nothing",
        to_reach: "≥ 0.85",
      },
      rate("kobbopay"),
      rate("nothing"),
    ),
    compared(
      {
        ...line,
        name: "ack_vs_commit",
        what: "÷ rows committed one by one by plain pg, without HTTP",
        to_reach: "≥ 0.35",
      },
      rate("kobbopay"),
      rate("commit"),
    ),
  ]
}

async function one(bench: Bench, target: Target, round: string, seconds: number) {
  const outcome = await acknowledge(bench, target, round, seconds)
  if (target === "kobbopay") await bench.committed(outcome.latencies.length)
  // What a round left behind is not the next one's business.
  if (target === "stripe") await pause(GENERIC_DELAY_MS + seconds * 1_000)
  await bench.store.sql.query("TRUNCATE kobbopay_event")
  return outcome
}

/** One round of load. @throws Error when a single answer is not what it should be. */
export async function acknowledge(
  { load, store }: Bench,
  target: Target,
  round: string,
  seconds: number,
): Promise<LoadOutcome> {
  const outcome = await load.run({
    target,
    connections: CONNECTIONS,
    seconds,
    round: `${target}-${round}`,
    url: target === "commit" ? store.databaseUrl : store.url,
  })
  if (outcome.statuses[EXPECTED[target]] !== outcome.latencies.length) {
    throw new Error(`${target} answered ${JSON.stringify(outcome.statuses)}`)
  }
  return outcome
}
