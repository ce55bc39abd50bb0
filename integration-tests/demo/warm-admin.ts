import { until } from "../support/until"

const WITHIN_MS = 120_000
const MODULES_AT_MOST = 1_000
const IMPORTED = /(?:from|import)\s*\(?\s*["'](\/app\/[^"']+)["']/g

/**
 * Vite makes the admin when it is first asked for, and makes it again when it meets a package it did not expect; a browser that looks
 * in between gets two halves that do not fit. So ask for every module of the first page, again and again, until nothing moves.
 *
 * @throws Error when it does not come to rest in time.
 */
export async function warmAdmin(medusaUrl: string): Promise<void> {
  let before = ""
  await until(
    async () => {
      const now = (await crawl(medusaUrl)).sort().join("\n")
      const atRest = now === before
      before = now
      return atRest
    },
    { withinMs: WITHIN_MS, everyMs: 500, what: "Vite finishing the admin" },
  )
}

/** The paths of all modules that the first page loads. */
async function crawl(medusaUrl: string): Promise<string[]> {
  const found = new Set(["/app/entry.jsx"])
  for (const path of found) {
    const answer = await fetch(`${medusaUrl}${path}`)
    if (!answer.ok) {
      throw new Error(`${path} answered ${answer.status}`)
    }
    for (const [, imported] of (await answer.text()).matchAll(IMPORTED)) {
      if (imported !== undefined && found.size < MODULES_AT_MOST) {
        found.add(imported)
      }
    }
  }
  return [...found]
}
