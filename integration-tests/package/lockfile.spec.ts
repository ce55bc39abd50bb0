import { readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"

const ROOT = join(__dirname, "..", "..")
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).default({}),
    }),
  ),
})

describe("the lockfile", () => {
  const { packages } = lockSchema.parse(
    JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")),
  )

  test("names no host that packages come from", () => {
    const hosts = Object.entries(packages).filter(([, { resolved }]) =>
      /^https?:/.test(resolved ?? ""),
    )
    expect(hosts).toEqual([])
  })

  test("locks every optional dependency that it names, or a clean install refuses it", () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(path, name)),
    )
    expect(missing).toEqual([])
  })

  /** Node's own lookup: beside the package, then in each folder above it. */
  function isLocked(path: string, name: string): boolean {
    for (
      let folder = path;
      ;
      folder = folder.slice(0, folder.lastIndexOf("node_modules/")).replace(/\/$/, "")
    ) {
      const here = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`
      if (here in packages) return true
      if (folder === "") return false
    }
  }
})
