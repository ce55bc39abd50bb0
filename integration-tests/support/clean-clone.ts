import { execFile } from "node:child_process"
import { cp, mkdir, symlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)
const ROOT = join(__dirname, "..", "..")

/**
 * Lays the repository into a folder as a clone would bring it: what git tracks, or would track, and nothing that was ever built.
 * Its installed packages are those of this checkout.
 */
export async function cleanClone(folder: string): Promise<void> {
  const { stdout } = await run(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 },
  )
  for (const file of stdout.split("\0").filter((name) => name !== "")) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await cp(join(ROOT, file), join(folder, file))
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"))
}

/** Packs a folder as `npm publish` would, and gives the tarball. */
export async function pack(folder: string, into: string): Promise<string> {
  await mkdir(into, { recursive: true })
  const { stdout } = await run("npm", ["pack", "--pack-destination", into], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  })
  const name = stdout.trim().split("\n").at(-1)
  if (name?.endsWith(".tgz") !== true) throw new Error(`npm pack named no tarball: ${stdout}`)
  return join(into, name)
}

/** The files that a tarball holds, relative to the package. */
export async function filesOf(tarball: string): Promise<string[]> {
  const { stdout } = await run("tar", ["-tzf", tarball], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^package\//, ""))
}
