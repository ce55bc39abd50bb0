import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { makeCertificate } from "./certificate"
import { checkDatabase } from "./database"
import { freePort } from "./free-port"
import type { Postgres } from "./postgres"
import { chooseUser } from "./postgres-binaries"
import { until } from "./until"

const run = promisify(execFile)
const START_WITHIN_MS = 15_000
const STOP_WITHIN_MS = 10_000

export type PgBouncer = {
  port: number
  /** The same database, through the pooler. */
  through(databaseUrl: string): string
  stop(): Promise<void>
}

export type PgBouncerOptions = {
  mode: "session" | "transaction"
  /** The only password it takes; none is asked for when left out. */
  password?: string
  /** Takes TLS only, with a certificate that nobody else trusts. */
  tls?: boolean
}

/** Where distributions put it; a system folder that an ordinary user's PATH may lack. */
const PATH = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`

/** Its version, such as "1.18.0"; null where it is not installed. */
export async function pgbouncerVersion(): Promise<string | null> {
  const output = await run("pgbouncer", ["--version"], { env: { PATH } }).catch(() => null)
  return output === null ? null : (/PgBouncer ([\d.]+)/.exec(output.stdout)?.[1] ?? "unknown")
}

/** Starts a PgBouncer of our own on this machine alone, with its defaults beside what is asked for. */
export async function startPgBouncer(
  postgres: Postgres,
  { mode, password, tls = false }: PgBouncerOptions,
): Promise<PgBouncer> {
  const port = await freePort()
  const home = await mkdtemp(join(tmpdir(), "kobbopay-pgbouncer-"))
  const file = (name: string) => join(home, name)
  const certificate = tls ? await makeCertificate(home, "localhost") : null
  await writeFile(file("users.txt"), `"${postgres.user}" "${password ?? ""}"\n`)
  await writeFile(
    file("pgbouncer.ini"),
    [
      "[databases]",
      `* = host=127.0.0.1 port=${postgres.port} user=${postgres.user}`,
      "[pgbouncer]",
      "listen_addr = localhost",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      `pool_mode = ${mode}`,
      `auth_type = ${password === undefined ? "any" : "plain"}`,
      `auth_file = ${file("users.txt")}`,
      ...(certificate === null
        ? []
        : [
            "client_tls_sslmode = require",
            `client_tls_key_file = ${certificate.key}`,
            `client_tls_cert_file = ${certificate.certificate}`,
          ]),
      "",
    ].join("\n"),
  )
  const runAs = await chooseUser()
  for (const name of ["", "users.txt", "pgbouncer.ini", ...(tls ? ["key.pem"] : [])]) {
    await chmod(file(name), name === "" ? 0o700 : 0o600)
    if (runAs !== null) await chown(file(name), runAs.uid, runAs.gid)
  }
  const as = runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid }
  const server = spawn("pgbouncer", [file("pgbouncer.ini")], {
    cwd: "/",
    env: { PATH },
    stdio: ["ignore", "ignore", "pipe"],
    ...as,
  })
  let output = ""
  server.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (output = (output + text).slice(-2_000)))
  const ended = () => server.exitCode !== null || server.signalCode !== null
  const listens = () => output.includes("process up")
  await until(() => ended() || listens(), {
    withinMs: START_WITHIN_MS,
    what: "PgBouncer listening",
  })
  const through = (databaseUrl: string): string => {
    const url = new URL(databaseUrl)
    url.port = String(port)
    if (password !== undefined) url.password = password
    return url.toString()
  }
  if (ended()) throw new Error(`PgBouncer did not start on port ${port}:\n${output}`)
  if (!tls) await checkDatabase(through(postgres.url))
  return {
    port,
    through,
    stop: async () => {
      await end(server)
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, "exit")
  server.kill("SIGTERM")
  const impatient = setTimeout(() => server.kill("SIGKILL"), STOP_WITHIN_MS)
  await exited
  clearTimeout(impatient)
}
