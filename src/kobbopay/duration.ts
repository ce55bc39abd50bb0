const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/
const MAX_MS = 3_650 * UNIT_MS.d

const isUnit = (text: string | undefined): text is keyof typeof UNIT_MS =>
  text !== undefined && Object.hasOwn(UNIT_MS, text)

/** Milliseconds of "250ms", "90s", "30m", "24h" or "30d"; null for anything else or above ten years. */
export function parseDuration(text: string): number | null {
  const [, count, unit] = DURATION.exec(text) ?? []
  if (!isUnit(unit)) return null
  const ms = Number(count) * UNIT_MS[unit]
  return ms <= MAX_MS ? ms : null
}
