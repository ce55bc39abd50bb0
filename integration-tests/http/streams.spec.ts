import { appendFileSync } from "node:fs"
import { storm, type Fair, type Figures } from "../streams/storm"
import { bootStore, storeSuite } from "../support/store-suite"

/** `STREAMS_SEED` runs the same storms again, `STREAMS` more of them. */
const STREAMS = Number(process.env.STREAMS_OF_STORE ?? 30)
const SEED = Number(process.env.STREAMS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const AT_ONCE = 30

const batches = Array.from({ length: Math.ceil(STREAMS / AT_ONCE) }, (_, batch) => ({
  seed: SEED + batch,
  streams: Math.min(AT_ONCE, STREAMS - batch * AT_ONCE),
}))

const tell = (line: string) => process.stderr.write(`streams: ${line}\n`)

/** Appended to the file that `STREAMS_REPORT` names, a line for each batch. */
const report = (figures: Figures) => {
  const file = process.env.STREAMS_REPORT
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`)
}

storeSuite("random streams in a real store", (world) => {
  const fair: Fair = new Map()

  test.each(batches)(
    "$streams orders in all weathers end as in fair weather (seed $seed)",
    async ({ seed, streams }) => {
      tell(`seed ${seed}; the same again: STREAMS_SEED=${seed}`)
      const figures: Figures = await storm(world(), { streams, seed, tell }, fair)
      tell(JSON.stringify(figures))
      report(figures)
      expect(figures).toMatchObject({ streams, differing: 0, seed })
    },
    900_000,
  )

  test("the scenarios end in different ways, so that a wrong end differs from a right one", () => {
    const ends = new Set([...fair.values()].map((outcome) => JSON.stringify(outcome)))
    expect(ends.size).toBeGreaterThanOrEqual(Math.min(4, STREAMS))
    for (const [name, outcome] of fair) {
      const isPaid = name.startsWith("paid and confirmed") || name.startsWith("paid on both")
      if (isPaid) expect(outcome).toMatchObject({ captures: ["10.5"], transactions: ["10.5"] })
    }
  })
})

bootStore("streams")
