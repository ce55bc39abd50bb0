import { LEAST_READ_PAUSE_MS, nextCheck, repeatedAt } from "../schedule"

describe("when a webhook that only repeats is worked", () => {
  const now = new Date("2026-03-01T12:00:00Z")
  const ago = (ms: number) => new Date(now.getTime() - ms)

  it("is at once where nothing was read, or not for a while", () => {
    expect(repeatedAt(null, now)).toEqual(now)
    expect(repeatedAt(ago(LEAST_READ_PAUSE_MS), now)).toEqual(now)
    expect(repeatedAt(ago(86_400_000), now)).toEqual(now)
  })

  it("is when the least pause since the last read is over", () => {
    const at = repeatedAt(ago(1_000), now)
    expect(at.getTime() - now.getTime()).toBe(LEAST_READ_PAUSE_MS - 1_000)
  })

  it("does not wait for a clock that was wrong", () => {
    expect(repeatedAt(ago(-3_600_000), now)).toEqual(now)
  })
})

const MADE = new Date("2026-01-01T12:00:00Z")
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const pauseAt = (minutes: number, hasOrder: boolean) => {
  const now = new Date(MADE.getTime() + minutes * MINUTE)
  const next = nextCheck(MADE, now, 30 * DAY, hasOrder)
  return next === null ? null : (next.getTime() - now.getTime()) / MINUTE
}

describe("the next check of a payment that nothing asks for", () => {
  it.each([
    [0, 0.5],
    [1, 0.5],
    [10, 5],
    [60, 30],
    [24 * 60, 360],
  ])("of a placed order, %d minutes old, comes after %d minutes", (age, pause) => {
    expect(pauseAt(age, true)).toBe(pause)
  })

  it.each([
    [0, 2],
    [1, 2],
    [10, 10],
    [60, 60],
    [24 * 60, 360],
  ])("without an order, %d minutes old, comes after %d minutes", (age, pause) => {
    expect(pauseAt(age, false)).toBe(pause)
  })

  it("does not come once it was watched long enough", () => {
    expect(pauseAt(30 * 24 * 60, true)).toBeNull()
    expect(pauseAt(30 * 24 * 60, false)).toBeNull()
  })
})
