import { appendFileSync } from "node:fs"
import { storm, type Fair, type Figures } from "../streams/storm"
import { storeSuite } from "../support/store-suite"

/** `STREAMS_SEED` runs the same storms again, `STREAMS` more of them. */
const STREAMS = Number(process.env.STREAMS_OF_STORE ?? 40)
const SEED = Number(process.env.STREAMS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const AT_ONCE = 40

const batches = Array.from({ length: Math.ceil(STREAMS / AT_ONCE) }, (_, batch) => ({
  seed: SEED + batch,
  streams: Math.min(AT_ONCE, STREAMS - batch * AT_ONCE),
}))

const tell = (line: string) => process.stderr.write(`streams: ${line}\n`)

storeSuite("random streams in a real store", (world) => {
  const fair: Fair = new Map()

  test.each(batches)(
    "$streams orders in all weathers end as in fair weather (seed $seed)",
    async ({ seed, streams }) => {
      tell(`seed ${seed}; the same again: STREAMS_SEED=${seed}`)
      const figures: Figures = await storm(world(), { streams, seed, tell }, fair)
      tell(JSON.stringify(figures))
      const report = process.env.STREAMS_REPORT
      if (report !== undefined) appendFileSync(report, `${JSON.stringify(figures)}\n`)
      expect(figures).toEqual({ streams, differing: 0, seed })
    },
    300_000,
  )
})
