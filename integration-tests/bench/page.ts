import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import type { Result } from "./figures"
import type { Machine } from "./machine"

const PAGE = join(__dirname, "..", "..", "docs", "performance.md")
export const BEGIN = "<!-- bench: written by npm run bench -- --page -->"
export const END = "<!-- /bench -->"

/** Three figures that count, and no more than the measurement can tell. */
const short = (figure: number): string =>
  Math.abs(figure) >= 100 ? String(Math.round(figure)) : String(Number(figure.toPrecision(3)))

/** The results as a Markdown table. */
export const table = (results: readonly Result[]): string =>
  [
    "| measure | ours | beside | ratio (lowest–highest) | to reach | what |",
    "| --- | --- | --- | --- | --- | --- |",
    ...results.map(({ name, value, unit, against, ratio, spread, to_reach, what }) => {
      const range = `${short(spread[0])}–${short(spread[1])}`
      const beside = against === null ? "" : `${short(against)} ${unit}`
      const compared = ratio === null ? `(${range} ${unit})` : `**${short(ratio)}** (${range})`
      return `| \`${name}\` | ${short(value)} ${unit} | ${beside} | ${compared} | ${to_reach} | ${what} |`
    }),
  ].join("\n")

/** @throws Error when docs/performance.md has lost the marks between which the table stands. */
export async function writePage(report: {
  machine: Machine
  versions: Record<string, string>
  results: Result[]
}): Promise<void> {
  const { cpu, cores, memoryGiB, system } = report.machine
  const names = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`)
  const text = [
    `Measured on ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; ${names.join(", ")}.`,
    table(report.results),
  ].join("\n\n")
  const page = await readFile(PAGE, "utf8")
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) {
    throw new Error(`docs/performance.md has no place for the table: ${BEGIN} … ${END}`)
  }
  const written = `${before}${BEGIN}\n\n${text}\n\n${END}${after}`
  await writeFile(PAGE, await format(written, { ...(await resolveConfig(PAGE)), filepath: PAGE }))
}
