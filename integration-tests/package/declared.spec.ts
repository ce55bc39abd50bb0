import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"
import { packagesImportedBy } from "../support/imports"

const ROOT = join(__dirname, "..", "..")
const SOURCE = join(ROOT, "src")
const ADMIN = join(SOURCE, "admin")
const shipped = z
  .object({
    dependencies: z.record(z.string(), z.string()),
    peerDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")))
const declared = Object.keys({ ...shipped.dependencies, ...shipped.peerDependencies })

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (file) => /(?<!\.spec)\.tsx?$/.test(file) && !file.includes("__tests__"),
  )

describe("what ships", () => {
  test("imports nothing that an installed plugin does not declare", () => {
    const undeclared = filesBelow(SOURCE).flatMap((file) =>
      packagesImportedBy(readFileSync(join(SOURCE, file), "utf8"))
        .filter((name) => !name.startsWith("node:") && !declared.includes(name))
        .map((name) => `${file}: ${name}`),
    )
    expect(undeclared).toEqual([])
  })
})

describe("the admin's part of the plugin", () => {
  test("guards Medusa's pages from the faults of every widget and page", () => {
    const entries = filesBelow(ADMIN).filter((file) =>
      /^(widgets\/.*|routes\/.*page)\.tsx$/.test(file),
    )
    expect(entries.length).toBeGreaterThan(0)
    const unguarded = entries.filter(
      (file) => !/^export default guarded\(/m.test(readFileSync(join(ADMIN, file), "utf8")),
    )
    expect(unguarded).toEqual([])
  })
})
