import { randomInt } from "node:crypto"
import { Started } from "../support/started"
import { audit, type Verdict } from "./audit"
import { drain } from "./drain"
import type { Kind } from "./findings"
import { type Ground, layGround } from "./ground"
import { Load } from "./load"
import { HELP, readSettings, type Settings } from "./settings"
import { Trouble } from "./trouble"
import { runStreams } from "../streams/run"

const PROGRESS_EVERY_MS = 10_000

const seconds = () => performance.now() / 1_000
const tell = (line: string) => console.log(`[${seconds().toFixed(0).padStart(4)} s] ${line}`)

/** Runs the soak; resolves with the exit code once everything that was started has ended. */
async function main(): Promise<number> {
  const started = new Started()
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => resolve())
  })
  try {
    const settings = readSettings(process.argv.slice(2), randomInt(1_000_000))
    if (settings === null) {
      console.log(HELP)
      return 0
    }
    return await Promise.race([
      run(settings, started),
      interrupted.then(async () => {
        console.error("Stopping…")
        await started.stop()
        return 130
      }),
    ])
  } catch (error) {
    await started.stop()
    console.error(`The soak stopped: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

async function run(settings: Settings, started: Started): Promise<number> {
  tell(`Seed ${settings.seed}`)
  const soaked = settings.seconds === null ? null : await soak(settings, settings.seconds, started)
  await started.stop()
  const streams =
    settings.streams === null
      ? null
      : await runStreams({ streams: settings.streams, seed: settings.seed, tell })
  console.log(JSON.stringify({ ...soaked?.figures, ...(streams === null ? {} : { streams }) }))
  const isSound = (soaked === null || soaked.passed) && (streams?.differing ?? 0) === 0
  return isSound ? 0 : 1
}

async function soak(settings: Settings, forSeconds: number, started: Started) {
  const ground = await layGround(settings, started, tell)
  const load = new Load(ground, settings.seed, tell)
  const trouble = new Trouble(ground, settings.seed + 1)
  const progress = setInterval(() => tell(progressOf(ground, load, trouble)), PROGRESS_EVERY_MS)
  started.add(() => Promise.resolve(clearInterval(progress)))
  tell(`Load and trouble for ${forSeconds} s`)
  load.start(settings.shoppers)
  trouble.start()
  await sleep(forSeconds * 1_000)
  await trouble.stop()
  tell(`Trouble is over: ${progressOf(ground, load, trouble)}`)
  await drain(ground, load, tell)
  for (const [reason, shoppers] of load.reasons) tell(`${shoppers} gave up: ${reason}`)
  const verdict = await audit(ground, load.diary)
  return report(verdict, settings, ground, trouble)
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function progressOf({ cluster, sandbox }: Ground, load: Load, trouble: Trouble): string {
  const { checkouts, orders, gaveUp } = load.counts
  const { kills, postgresCrashes, redisRestarts, outages } = trouble.counts
  const { total } = sandbox.control.stats().payments
  return (
    `${checkouts} checkouts, ${orders} orders, ${gaveUp} gave up, ${total} payments; ${kills} kills (${cluster.summary}), ` +
    `${postgresCrashes} PostgreSQL crashes, ${redisRestarts} Redis restarts, ${outages} outages`
  )
}

function report(verdict: Verdict, settings: Settings, { cluster }: Ground, trouble: Trouble) {
  const { findings, remains, orders } = verdict
  for (const { kind, text } of findings) console.error(`${kind}: ${text}`)
  for (const text of remains) console.error(`left by Medusa: ${text}`)
  const count = (kind: Kind) => findings.filter((one) => one.kind === kind).length
  const { kills, postgresCrashes, redisRestarts, outages } = trouble.counts
  return {
    passed: findings.length === 0,
    figures: {
      payments: verdict.payments,
      kills,
      postgres_crashes: postgresCrashes,
      redis_restarts: redisRestarts,
      lost: count("lost"),
      doubled: count("doubled"),
      stuck: count("stuck"),
      open_exceptions: verdict.openExceptions,
      explained: verdict.explained,
      outages,
      fell: cluster.fell,
      left_by_medusa: remains.length,
      orders,
      processes: settings.processes,
      redis: settings.redis,
      seed: settings.seed,
    },
  }
}

void main().then((code) => process.exit(code))
