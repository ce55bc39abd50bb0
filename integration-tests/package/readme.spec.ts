import { existsSync } from "node:fs"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"
import { EXCEPTION_CLASSES } from "../../src/domain/exception-classes"
import { CONTRADICTIONS } from "../../src/work/contradiction-kinds"
import { BEGIN, END } from "../bench/page"
import { codeBlocks } from "../support/code-blocks"
import { PAGES, textOf } from "../support/pages"

const ROOT = join(__dirname, "..", "..")
const { scripts, bin, name } = z
  .object({
    name: z.string(),
    scripts: z.record(z.string(), z.string()),
    bin: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(textOf("package.json")))

/** Of Medusa's command line. Those of the README are run in a store by the package's own test. */
const MEDUSA = ["db:migrate", "develop", "build", "start", "exec"]
/** Known to every shell, or to npm. */
const COMMON = /^(cd|git clone|npm (ci|install|uninstall|test)|psql|select)\b/
/** A block in another language is neither compiled nor checked, so only a picture may be in one. */
const LANGUAGES = ["bash", "ts", "tsx", "mermaid"]

const commandsOf = (markdown: string): string[] =>
  codeBlocks(markdown, ["bash"])
    .flatMap(({ code }) => code.replaceAll("\\\n", " ").split(/\n|&&/))
    .map((line) => line.replace(/(^|\s+)#.*$/, "").trim())
    .filter((line) => line !== "")

/** Whether a route below `src/api` answers a path; a segment that starts with `:` stands for any. */
const isRoute = (path: string): boolean =>
  existsSync(
    join(
      ROOT,
      "src",
      "api",
      ...path.split("/").map((part) => part.replace(/^:(.+)/, "[$1]")),
      "route.ts",
    ),
  )

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

describe.each(PAGES)("%s", (page) => {
  const markdown = textOf(page)

  test("names only commands, scripts, programs and routes that are there", () => {
    const commands = commandsOf(markdown)
    expect(commands.map((command) => [command, faultOf(command)])).toEqual(
      commands.map((command) => [command, null]),
    )
  })

  test("names in its text only routes that are there", () => {
    const routes = [
      ...markdown.matchAll(/`(?:GET|POST) \/((?:admin|store|hooks)\/kobbopay[^\s`?]*)/g),
    ]
    const paths = routes.map(([, path = ""]) => path)
    expect(paths.filter((path) => !isRoute(path))).toEqual([])
  })

  test("has no block of code that no test reads", () => {
    const opened = [...markdown.matchAll(/^ *```(\S*)$/gm)].map(([, language = ""]) => language)
    const blocks = opened.filter((_, place) => place % 2 === 0)
    expect(blocks.filter((language) => !LANGUAGES.includes(language))).toEqual([])
  })
})

describe("README.md", () => {
  const readme = textOf("README.md")

  test("is read in ten minutes", () => {
    expect(Buffer.byteLength(readme)).toBeLessThan(14_000)
  })

  test("says that a store is started where it was built, and developed in its own folder", () => {
    const starts = commandsOf(readme).filter((command) => command.startsWith("npx medusa start"))
    expect(starts).toHaveLength(1)
    expect(readme).toMatch(/cd \.medusa\/server && [^\n]*npx medusa start/)
    expect(readme).toContain("npx medusa develop")
  })
})

test.each([
  ["README.md", "pay-with-crypto.ts"],
  ["docs/storefront.md", "kobbopay.ts"],
  ["docs/entitlements.md", "mail-licence-key.ts"],
])("%s quotes %s as it is tested", (page, example) => {
  expect(textOf(page)).toContain(textOf(`integration-tests/examples/${example}`))
})

test.each(EXCEPTION_CLASSES)("docs/lifecycle.md explains the exception %s", (word) => {
  expect(textOf("docs/lifecycle.md")).toContain(`| \`${word}\` `)
})

test.each(CONTRADICTIONS)("docs/reconciliation.md explains the drift %s", (word) => {
  expect(textOf("docs/reconciliation.md")).toContain(`| \`${word}\` `)
})

test("docs/performance.md has the place where the bench writes its table", () => {
  expect(textOf("docs/performance.md")).toMatch(new RegExp(`${BEGIN}\\n[^]*\\n${END}`))
})
