import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { anchorsOf, brokenLinks, localLinksOf } from "../support/markdown-links"
import { PAGES, textOf } from "../support/pages"

const ROOT = join(__dirname, "..", "..")

function read(path: string): string | null {
  const file = join(ROOT, path)
  if (!existsSync(file)) return null
  return statSync(file).isFile() && path.endsWith(".md") ? textOf(path) : ""
}

test.each(PAGES)("every link of %s leads to a file and a heading that are there", (page) => {
  expect(brokenLinks(page, read)).toEqual([])
})

test("every page of docs/ can be reached from the README", () => {
  const pages = PAGES.filter((page) => page.startsWith("docs/"))
  const linked = localLinksOf(textOf("README.md")).map((link) => link.replace(/#.*/, ""))
  expect(pages.filter((page) => !linked.includes(page))).toEqual([])
})

describe("the checker of links", () => {
  const files = new Map([
    ["README.md", "# A page\n\n[one](docs/one.md#two-words) [gone](docs/gone.md) [self](#a-page)"],
    ["docs/one.md", "## Two words\n\n[up](../README.md#nothing) [code](`#x`) [out](https://a.b/c)"],
  ])
  const readFrom = (path: string) => files.get(path) ?? null

  test("finds files and headings that are not there, and no others", () => {
    expect(brokenLinks("README.md", readFrom)).toEqual(["docs/gone.md"])
    expect(brokenLinks("docs/one.md", readFrom)).toEqual(["../README.md#nothing"])
  })

  test("names headings as GitHub does", () => {
    const page =
      "# `a.b`: What, why?\n```bash\n# no heading\n```\n## Two\n## Two\n### [x](y.md) & z\n"
    expect(anchorsOf(page)).toEqual(["ab-what-why", "two", "two-1", "x--z"])
  })

  test("reads no link out of code", () => {
    expect(localLinksOf("`[a](b)` [c](d)\n```ts\n[e](f)\n```\n")).toEqual(["d"])
  })
})
