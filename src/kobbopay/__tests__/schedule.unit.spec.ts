import { LEAST_READ_PAUSE_MS, repeatedAt } from "../schedule"

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
