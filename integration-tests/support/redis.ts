import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { createConnection } from "node:net"
import { promisify } from "node:util"
import { freePort } from "./free-port"
import { until } from "./until"

const run = promisify(execFile)

const START_WITHIN_MS = 15_000
const STOP_WITHIN_MS = 10_000

const HOW_TO_GET_REDIS =
  "There is no redis-server on the PATH. Install it (Debian and Ubuntu: `apt-get install redis-server`; macOS: `brew install redis`) and try again."

export type Redis = {
  /** For `REDIS_URL`. */
  url: string
  stop(): Promise<void>
  /** Ends it at once and starts it again on the same port, from what it had written down. */
  crash(): Promise<void>
}

/**
 * Starts a Redis of our own on this machine alone. What it acknowledged is in `dataDir`, so that it survives a crash. It also
 * stops when this process dies without having stopped it.
 *
 * @throws Error that says how to get Redis when there is none, or its output when it does not start.
 */
export async function startRedis(dataDir: string): Promise<Redis> {
  await run("redis-server", ["--version"]).catch(() => {
    throw new Error(HOW_TO_GET_REDIS)
  })
  const port = await freePort()
  let server = await launch(port, dataDir)
  return {
    url: `redis://localhost:${port}`,
    stop: () => end(server, "SIGTERM"),
    crash: async () => {
      await end(server, "SIGKILL")
      server = await launch(port, dataDir)
    },
  }
}

async function launch(port: number, dataDir: string): Promise<ChildProcess> {
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir: dataDir,
    appendonly: "yes",
    appendfsync: "always",
    save: "",
    // Workflows and queues must not be pushed out by a cache.
    "maxmemory-policy": "noeviction",
  }
  const server = spawn(
    "redis-server",
    Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    // A group of its own: Ctrl-C in the terminal must not stop it before those who use it.
    { cwd: dataDir, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  )
  let output = ""
  for (const stream of [server.stdout, server.stderr]) {
    stream
      .setEncoding("utf8")
      .on("data", (text: string) => (output = (output + text).slice(-2_000)))
  }
  guard(server)
  const ended = () => server.exitCode !== null || server.signalCode !== null
  const isReady = () => ended() || accepts(port)
  await until(isReady, { withinMs: START_WITHIN_MS, what: "Redis answering" })
  if (ended()) {
    throw new Error(`Redis did not start on port ${port}:\n${output}`)
  }
  return server
}

/** A shell that outlives us and ends the server when the pipe that only we hold is closed. */
function guard(server: ChildProcess): void {
  const script = `read -r _; kill "$0" 2>/dev/null`
  const watchdog = spawn("/bin/sh", ["-c", script, String(server.pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  })
  watchdog.unref()
  server.once("exit", () => watchdog.kill("SIGKILL"))
}

/** True once a PING is answered; one that still reads its files answers something else. */
async function accepts(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1")
  socket.on("error", () => socket.destroy())
  try {
    socket.setTimeout(1_000, () => socket.destroy())
    socket.write("PING\r\n")
    const [answer] = (await once(socket, "data")) as [Buffer]
    return answer.toString().startsWith("+PONG")
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) {
    return
  }
  const exited = once(server, "exit")
  server.kill(signal)
  const impatient = setTimeout(() => server.kill("SIGKILL"), STOP_WITHIN_MS)
  await exited
  clearTimeout(impatient)
}
