import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { Dice } from "./model/dice"
import { outcomeOf } from "./model/outcome"
import { REAL, Stream, type Under } from "./model/stream"
import { anyTruth } from "./model/truth"

const STREAMS = Number(process.env.STREAMS ?? 10_000)
const SEED = Number(process.env.STREAMS_SEED ?? Math.floor(Math.random() * 2 ** 31))

const tape = fc.uint8Array({ maxLength: 250, size: "max" })

const streams = (under: Under) =>
  fc.property(anyTruth, tape, (truth, numbers) => {
    const fair = outcomeOf(Stream.inFairWeather(truth, under))
    const stormy = outcomeOf(Stream.inWeather(truth, new Dice(numbers), under))
    if (!isDeepStrictEqual(stormy, fair)) {
      throw new Error(
        `the weather changed the outcome\nfair:   ${JSON.stringify(fair)}\nstormy: ${JSON.stringify(stormy)}`,
      )
    }
  })

test(`${STREAMS} random streams end as the same truth does in fair weather, and nothing breaks on the way`, () => {
  const started = Date.now()
  fc.assert(streams(REAL), { seed: SEED, numRuns: STREAMS })
  process.stderr.write(`streams: ${STREAMS} of seed ${SEED} in ${Date.now() - started} ms\n`)
}, 300_000)
