import { Seldom } from "../seldom"

const MINUTE = 60_000

describe("a line that is logged seldom", () => {
  it("is logged a few times a minute, then counted, and summed up once the minute is over", () => {
    const seldom = new Seldom(3)
    const allowed = Array.from({ length: 300 }, (_, n) => seldom.maySay("403", `line ${n}`, n))
    expect(allowed.filter(Boolean)).toHaveLength(3)
    expect(allowed.slice(0, 3)).toEqual([true, true, true])
    expect(seldom.due(MINUTE - 1)).toEqual([])
    expect(seldom.nextIn(MINUTE - 1)).toBe(1)
    expect(seldom.due(MINUTE)).toEqual([{ count: 297, last: "line 299" }])
    expect(seldom.due(MINUTE)).toEqual([])
  })

  it("stays seldom while the flood goes on, a summary a minute, and is forgotten after a quiet minute", () => {
    const seldom = new Seldom(2)
    const lines: string[] = []
    for (let now = 0; now < 10 * MINUTE; now += 100) {
      for (const { count } of seldom.due(now)) lines.push(`${count} more`)
      if (seldom.maySay("403", "refused", now)) lines.push("refused")
    }
    expect(lines.filter((line) => line === "refused")).toHaveLength(2)
    expect(lines).toHaveLength(2 + 9)
    expect(seldom.due(11 * MINUTE)).toEqual([
      expect.objectContaining({ count: expect.any(Number) }),
    ])
    expect(seldom.due(12 * MINUTE + 1)).toEqual([])
    expect(seldom.nextIn(12 * MINUTE + 1)).toBeNull()
    expect(seldom.maySay("403", "again", 13 * MINUTE)).toBe(true)
  })

  it("loses no count when nobody asks in time", () => {
    const seldom = new Seldom(1)
    seldom.maySay("a", "1", 0)
    seldom.maySay("a", "2", 1)
    seldom.maySay("a", "3", 5 * MINUTE)
    expect(seldom.due(5 * MINUTE)).toEqual([{ count: 2, last: "3" }])
  })

  it("keeps kinds apart, and not more of them than it can hold", () => {
    const seldom = new Seldom(1)
    expect(seldom.maySay("a", "a", 0)).toBe(true)
    expect(seldom.maySay("b", "b", 0)).toBe(true)
    expect(seldom.maySay("a", "a", 0)).toBe(false)
    const allowed = Array.from({ length: 5_000 }, (_, n) => seldom.maySay(`kind ${n}`, "x", 0))
    expect(allowed.filter(Boolean).length).toBeLessThanOrEqual(100)
    const counted = seldom.due(MINUTE).reduce((sum, { count }) => sum + count, 0)
    expect(counted + allowed.filter(Boolean).length).toBe(5_001)
  })
})
