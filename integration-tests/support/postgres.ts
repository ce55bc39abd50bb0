import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { access, chmod, chown, constants, mkdir, mkdtemp, rm, statfs } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { checkDatabase, createDatabase } from "./database"
import { freePort } from "./free-port"
import { chooseUser, findBinaries, identity, POSTGRES_ENV, type RunAs } from "./postgres-binaries"
import { until } from "./until"

const run = promisify(execFile)

const USER = "postgres"
const START_WITHIN_MS = 30_000
const STOP_WITHIN_MS = 20_000
const PORT_TRIES = 3
const LOG_LINES_KEPT = 40

type PostgresOptions = {
  /** `true`: a commit is on the disk before it is answered, as in production. `false`: fast, for tests that never crash it. */
  durable: boolean
  /** A folder that outlives the server, reachable for the user it runs as. Default: a temporary one, removed on stop. */
  dataDir?: string
  /** Default: a free one. */
  port?: number
  /** Told each line that the server writes. */
  log?: (line: string) => void
}

export type Postgres = {
  /** Connection string of the superuser to the database `postgres`. */
  url: string
  /** Medusa's test runner demands TLS of any other spelling of this machine. */
  host: "localhost"
  port: number
  user: string
  /** Creates the database unless it is there, and returns its connection string. */
  createDatabase(name: string): Promise<string>
  /** Ends all connections, writes everything down and stops; removes the temporary folder. Safe to repeat. */
  stop(): Promise<void>
  /** Stops at once as a crash would: nothing is written down, a server started on the same `dataDir` must recover. */
  crash(): Promise<void>
}

/**
 * Starts a PostgreSQL of our own from the binaries that npm installed; one on the PATH is not touched. It listens on localhost
 * only, trusts every local connection, and also stops when this process dies without having stopped it.
 *
 * @throws Error in words when there are no binaries for this platform, no user to run it as, or it does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const runAs = await chooseUser()
  const folder = options.durable ? tmpdir() : await quickFolder()
  const home = await mkdtemp(join(folder, "kobbopay-postgres-"))
  const dataDir = options.dataDir ?? join(home, "data")
  try {
    await handOver(home, runAs)
    const binaries = await findBinaries(runAs, join(home, "native"))
    await initialise(binaries, dataDir, runAs)
    const { server, port } = await launch({ binaries, dataDir, home, runAs }, options)
    return handle(server, port, home)
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    throw error
  }
}

const MEMORY = "/dev/shm"
const ENOUGH_BYTES = 3 * 1024 ** 3

/** In memory, where there is enough of it: databases that are copied for each test are mostly small files. */
async function quickFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY)
    await access(MEMORY, constants.W_OK)
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir()
  } catch {
    return tmpdir()
  }
}

async function handOver(folder: string, runAs: RunAs): Promise<void> {
  if (runAs !== null) {
    await chown(folder, runAs.uid, runAs.gid)
  }
  await chmod(folder, 0o700)
}

async function initialise(binaries: string, dataDir: string, runAs: RunAs): Promise<void> {
  const exists = await access(join(dataDir, "PG_VERSION")).then(
    () => true,
    () => false,
  )
  if (exists) {
    return
  }
  await mkdir(dataDir, { recursive: true })
  await handOver(dataDir, runAs)
  await run(
    join(binaries, "bin", "initdb"),
    [
      `--pgdata=${dataDir}`,
      `--username=${USER}`,
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
      "--no-instructions",
    ],
    { ...identity(runAs), cwd: dataDir, env: POSTGRES_ENV },
  )
}

/** The binaries to run, the folders to run them in, and as whom. */
type Place = { binaries: string; dataDir: string; home: string; runAs: RunAs }

async function launch(
  { binaries, dataDir, home, runAs }: Place,
  options: PostgresOptions,
): Promise<{ server: ChildProcess; port: number }> {
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort())
    const settings = {
      listen_addresses: "localhost",
      port: String(port),
      unix_socket_directories: "",
      max_connections: "200",
      timezone: "UTC",
      ...(options.durable
        ? {}
        : {
            fsync: "off",
            synchronous_commit: "off",
            full_page_writes: "off",
            wal_level: "minimal",
            max_wal_senders: "0",
            autovacuum: "off",
            jit: "off",
          }),
    }
    const server = spawn(
      join(binaries, "bin", "postgres"),
      [
        "-D",
        dataDir,
        ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
      ],
      // A group of its own: Ctrl-C in the terminal must not stop it before those who use it.
      {
        ...identity(runAs),
        cwd: dataDir,
        env: POSTGRES_ENV,
        detached: true,
        stdio: ["ignore", "ignore", "pipe"],
      },
    )
    const log = keepLog(server, options.log)
    guard(server, home, dataDir)
    if (await accepts(server, port)) {
      return { server, port }
    }
    server.kill("SIGQUIT")
    const taken = log.some((line) => line.includes("could not create any TCP/IP sockets"))
    if (!taken || options.port !== undefined || tries === PORT_TRIES) {
      throw new Error(`PostgreSQL did not start on port ${port}:\n${log.join("\n")}`)
    }
  }
}

function keepLog(server: ChildProcess, tell: ((line: string) => void) | undefined): string[] {
  const kept: string[] = []
  server.stderr?.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
      tell?.(line)
      kept.push(line)
      kept.splice(0, kept.length - LOG_LINES_KEPT)
    }
  })
  server.on("error", (error) => kept.push(error.message))
  return kept
}

/**
 * A shell that outlives us: it reads from a pipe that only we hold. When the pipe ends because we died, it stops the server (if the
 * pid is still the server's) and removes the temporary folder. When the server has ended before us, it is ended too.
 */
function guard(server: ChildProcess, home: string, dataDir: string): void {
  const script = `
    read -r _
    [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$0" ] && kill -INT "$0"
    while kill -0 "$0" 2>/dev/null; do sleep 0.1; done
    rm -rf "$1"`
  const watchdog = spawn("/bin/sh", ["-c", script, String(server.pid), home, dataDir], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  })
  watchdog.unref()
  server.once("exit", () => watchdog.kill("SIGKILL"))
}

/** False when it ended, or took no connection in time. */
async function accepts(server: ChildProcess, port: number): Promise<boolean> {
  const ended = () => server.exitCode !== null || server.signalCode !== null
  const isReady = () => ended() || checkDatabase(urlOf(port)).then(() => true)
  return until(isReady, { withinMs: START_WITHIN_MS, everyMs: 25 }).then(
    () => !ended(),
    () => false,
  )
}

const urlOf = (port: number) => `postgres://${USER}@localhost:${port}/postgres`

function handle(server: ChildProcess, port: number, home: string): Postgres {
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, "exit")
      server.kill(signal)
      const impatient = setTimeout(() => server.kill("SIGKILL"), STOP_WITHIN_MS)
      await exited
      clearTimeout(impatient)
    }
    await rm(home, { recursive: true, force: true })
  }
  return {
    url: urlOf(port),
    host: "localhost",
    port,
    user: USER,
    createDatabase: (name) => createDatabase(urlOf(port), name),
    stop: () => end("SIGINT"),
    crash: () => end("SIGQUIT"),
  }
}
