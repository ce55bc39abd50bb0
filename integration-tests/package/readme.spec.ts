import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"
import { EXCEPTION_CLASSES } from "../../src/kobbopay/lifecycle"
import { CONTRADICTIONS } from "../../src/work/audit"
import { codeBlocks } from "../support/code-blocks"

const ROOT = join(__dirname, "..", "..")
const text = (file: string) => readFileSync(join(ROOT, file), "utf8")
const { scripts, bin, name } = z
  .object({
    name: z.string(),
    scripts: z.record(z.string(), z.string()),
    bin: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(text("package.json")))

/** Of Medusa's command line. Those of the README are run in a store by the package's own test. */
const MEDUSA = ["db:migrate", "develop", "build", "start", "exec"]
/** Known to every shell, or to npm. */
const COMMON = /^(cd|npm (ci|install|uninstall|test)|psql|select)\b/

const commandsOf = (markdown: string): string[] =>
  codeBlocks(markdown, ["bash"])
    .flatMap(({ code }) => code.replaceAll("\\\n", " ").split(/\n|&&/))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "")

/** Whether a route below `src/api` answers a path; a segment that starts with `:` stands for any. */
const isRoute = (path: string): boolean =>
  existsSync(join(ROOT, "src", "api", ...path.split("/"), "route.ts"))

/** Why a command cannot work, or null. */
function faultOf(command: string): string | null {
  const [, script] = /^npm run (\S+)/.exec(command) ?? []
  if (script !== undefined) return script in scripts ? null : `no script ${script}`
  const [, medusa] = /^npx medusa (\S+)/.exec(command) ?? []
  if (medusa !== undefined) {
    if (!MEDUSA.includes(medusa)) return `Medusa has no ${medusa}`
    const [, file] = new RegExp(`/${name}/\\.medusa/server/(\\S+)\\.js`).exec(command) ?? []
    return file === undefined || existsSync(join(ROOT, `${file}.ts`)) ? null : `no file ${file}`
  }
  const [, ours] = /^npx (\S+)/.exec(command) ?? []
  if (ours !== undefined) return ours in bin ? null : `no program ${ours}`
  const [, path] = /^curl .*?<your backend>\/([^\s"?]+)/.exec(command) ?? []
  if (path !== undefined) return isRoute(path) ? null : `no route ${path}`
  return COMMON.test(command) ? null : "nobody knows this command"
}

describe.each(["README.md", "docs/uninstall.md"])("%s", (file) => {
  const markdown = text(file)

  test("names only commands, scripts, programs and routes that are there", () => {
    const commands = commandsOf(markdown)
    expect(commands.length).toBeGreaterThan(0)
    expect(commands.map((command) => [command, faultOf(command)])).toEqual(
      commands.map((command) => [command, null]),
    )
  })

  test("links only to files that are there", () => {
    const links = [...markdown.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = ""]) => link)
    expect(links.filter((link) => !existsSync(join(ROOT, file, "..", link)))).toEqual([])
  })
})

describe("README.md", () => {
  const readme = text("README.md")

  test.each(["mail-licence-key.ts", "storefront.ts"])("quotes %s as it is tested", (example) => {
    expect(readme).toContain(text(`integration-tests/examples/${example}`))
  })

  test.each([...EXCEPTION_CLASSES, ...CONTRADICTIONS])("explains %s", (word) => {
    expect(readme).toContain(`\`${word}\``)
  })

  test("says that a store is started where it was built, and developed in its own folder", () => {
    const starts = commandsOf(readme).filter((command) => command.startsWith("npx medusa start"))
    expect(starts).toHaveLength(1)
    expect(readme).toMatch(/cd \.medusa\/server && [^\n]*npx medusa start/)
    expect(readme).toContain("npx medusa develop")
  })
})
