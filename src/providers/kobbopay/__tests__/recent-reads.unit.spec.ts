import { brandAs, type PaymentId } from "../../../domain/ids"
import { RecentReads } from "../recent-reads"

const ONE = brandAs<PaymentId>("kpay_1")
const OTHER = brandAs<PaymentId>("kpay_2")

/** How many of so many requests, a while apart, are let through. */
const through = (reads: RecentReads, requests: number, apartMs: number, from = 0): number =>
  Array.from({ length: requests }, (_, n) => reads.mayRead(ONE, from + n * apartMs)).filter(Boolean)
    .length

describe("reads that strangers call for", () => {
  test("are let through a few times in a row, and then once a second", () => {
    const reads = new RecentReads()
    expect(through(reads, 300, 0)).toBe(5)
    expect(through(reads, 100, 100, 1_000)).toBe(10)
  })

  test("are counted for each payment by itself, and forgotten once nobody asks", () => {
    const reads = new RecentReads()
    through(reads, 10, 0)
    expect(reads.mayRead(OTHER, 0)).toBe(true)
    expect(through(reads, 10, 0, 60_000)).toBe(5)
  })

  test("are not held up by a clock that was wrong", () => {
    const reads = new RecentReads()
    through(reads, 10, 0, 1_000_000_000)
    expect(reads.mayRead(ONE, 0)).toBe(true)
  })
})
