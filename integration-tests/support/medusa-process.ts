import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { until } from "./until"

const ROOT = join(__dirname, "..", "..")
const LOG_LINES_SHOWN = 25
const START_WITHIN_MS = 120_000
const STOP_WITHIN_MS = 15_000
/** Boots are measured by it, to a hundredth of them. */
const POLL_EVERY_MS = 10

export type MedusaOptions = {
  /** Added to our own environment; `medusa-config.ts` names what it reads. */
  env: Record<string, string>
  /** Everything that Medusa prints is appended here. */
  logFile: string
  /** The store's folder. Default: this repository. */
  cwd?: string
  /** How the store is started. Default: `start`. */
  command?: "start" | "develop"
  /** Arguments for Node itself. */
  nodeArgs?: string[]
}

export type MedusaProcess = {
  url: string
  port: number
  /** Changes with each restart. */
  pid: number
  /** Settles when the process has ended, for whatever reason. */
  ended: Promise<void>
  /** Lets it finish its requests. Safe to repeat. */
  stop(): Promise<void>
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>
}

/**
 * Runs one command of Medusa's CLI on this repository, such as `["db:migrate"]`, to its end.
 *
 * @throws Error with the end of the log when it fails.
 */
export async function runMedusa(args: string[], options: MedusaOptions): Promise<void> {
  const child = await spawnMedusa(args, options)
  await once(child, "exit")
  if (child.exitCode !== 0) {
    throw new Error(`\`medusa ${args[0]}\` failed.\n${await logTail(options.logFile)}`)
  }
}

/**
 * Starts this repository as a store on 127.0.0.1, in a process of its own, and waits until it answers.
 *
 * @throws Error with the end of the log when it ends before, or does not answer in time.
 */
export async function startMedusa(port: number, options: MedusaOptions): Promise<MedusaProcess> {
  const launched = await launchMedusa(port, options)
  await launched.answering()
  return launched
}

/** As `startMedusa`, but answers at once: it can be ended while it still boots. `answering` is the wait. */
export async function launchMedusa(
  port: number,
  options: MedusaOptions,
): Promise<MedusaProcess & { answering: () => Promise<void> }> {
  const { command = "start" } = options
  const child = await spawnMedusa([command, "-H", "127.0.0.1", "-p", String(port)], options)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    port,
    pid: child.pid ?? -1,
    ended: once(child, "exit").then(() => undefined),
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
    answering: () => answering(child, url, options.logFile),
  }
}

async function answering(child: ChildProcess, url: string, logFile: string): Promise<void> {
  try {
    const isReady = () => hasEnded(child) || isHealthy(url)
    await until(isReady, {
      withinMs: START_WITHIN_MS,
      everyMs: POLL_EVERY_MS,
      what: "Medusa answering",
    })
    if (hasEnded(child)) {
      throw new Error("Medusa ended while it started")
    }
  } catch (error) {
    await end(child, "SIGKILL")
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${reason}.\n${await logTail(logFile)}`)
  }
}

async function spawnMedusa(
  args: string[],
  { env, logFile, cwd = ROOT, nodeArgs = [] }: MedusaOptions,
): Promise<ChildProcess> {
  await mkdir(dirname(logFile), { recursive: true })
  const log = openSync(logFile, "a")
  const child = spawn(
    process.execPath,
    [
      ...nodeArgs,
      "-r",
      join(__dirname, "end-with-parent.cjs"),
      require.resolve("@medusajs/cli/cli.js"),
      ...args,
    ],
    {
      cwd,
      env: { ...process.env, MEDUSA_DISABLE_TELEMETRY: "1", ...env },
      // A group of its own: on Ctrl-C we stop it, and only then what it stands on.
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    },
  )
  closeSync(log)
  return child
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) {
    return
  }
  const exited = once(child, "exit")
  child.kill(signal)
  const impatient = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS)
  await exited
  clearTimeout(impatient)
  endGroup(child)
}

/** What it started itself, and left behind: `develop` runs the store in a process of its own. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  } catch {
    // Nothing is left of the group.
  }
}

const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    (answer) => answer.ok,
    () => false,
  )

async function logTail(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, "utf8")).trimEnd().split("\n")
  return [`The end of ${logFile}:`, ...lines.slice(-LOG_LINES_SHOWN)].join("\n")
}
