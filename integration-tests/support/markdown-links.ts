import { posix } from "node:path"

/** What is shown as it is written: neither a link nor a heading stands there. */
const withoutBlocks = (markdown: string): string =>
  markdown.replaceAll(/^( *)(```+)[\s\S]*?^\1\2$/gm, "")

/** The anchors that GitHub gives to the headings of a page. A second heading of one text gets a number. */
export function anchorsOf(markdown: string): string[] {
  const times = new Map<string, number>()
  return [...withoutBlocks(markdown).matchAll(/^#{1,6} +(.+?)\s*$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-")
    const seen = times.get(slug) ?? 0
    times.set(slug, seen + 1)
    return seen === 0 ? slug : `${slug}-${seen}`
  })
}

/** The targets of links and pictures that lead to another place in the same repository. */
export const localLinksOf = (markdown: string): string[] =>
  [
    ...withoutBlocks(markdown)
      .replaceAll(/`[^`\n]*`/g, "")
      .matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g),
  ]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))

/**
 * The links of a page that lead nowhere.
 * @param page its path from the root of the repository
 * @param read the text of a file by that path; null when there is no such file; "" for one that is no text
 */
export function brokenLinks(page: string, read: (path: string) => string | null): string[] {
  const markdown = read(page) ?? ""
  return localLinksOf(markdown).filter((link) => {
    const [path = "", anchor] = link.split("#", 2)
    const target = path === "" ? page : posix.join(posix.dirname(page), decodeURI(path))
    const found = read(target)
    return found === null || (anchor !== undefined && !anchorsOf(found).includes(anchor))
  })
}
