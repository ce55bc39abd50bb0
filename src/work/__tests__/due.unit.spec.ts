import { dueReads } from "../due"

const NOW = new Date("2026-01-01T12:00:00Z")
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000)
type Given = { next_check_at?: Date | null; money_seen_at?: Date | null }
const payment = (id: string, given: Given = {}) => ({
  id,
  next_check_at: ago(1),
  money_seen_at: null,
  ...given,
})
const reads = (payments: ReturnType<typeof payment>[], ...withEvent: string[]) =>
  [...dueReads(payments, ({ id }) => withEvent.includes(id), NOW)]
    .map(({ id }) => String(id))
    .sort()

describe("reads of one pass", () => {
  it("are all that is due, when that is little", () => {
    expect(reads([payment("a"), payment("b")])).toEqual(["a", "b"])
  })

  it("leave out what is not due", () => {
    expect(reads([payment("a", { next_check_at: ago(-1) })])).toEqual([])
    expect(reads([payment("a", { next_check_at: null })])).toEqual([])
  })

  it("are the longest due of many", () => {
    const many = [3, 9, 1, 7, 5, 8, 2].map((minutes) =>
      payment(`p${minutes}`, { next_check_at: ago(minutes) }),
    )
    expect(reads(many)).toEqual(["p3", "p5", "p7", "p8", "p9"])
  })

  it("are every payment with money, and every one that has an event, however long the others are due", () => {
    const many = Array.from({ length: 9 }, (_, index) =>
      payment(`p${index}`, { next_check_at: ago(60 + index) }),
    )
    const rich = payment("rich", { money_seen_at: ago(5), next_check_at: ago(0) })
    const withEvent = payment("with event", { next_check_at: ago(0) })
    const found = reads([...many, rich, withEvent], "with event")
    expect(found).toContain("rich")
    expect(found).toContain("with event")
  })

  it("are one of the others at a time while a payment has an event", () => {
    const many = Array.from({ length: 9 }, (_, index) => payment(`p${index}`))
    expect(reads([...many, payment("with event")], "with event")).toHaveLength(2)
  })
})
