import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { type Weather } from "./model/dice"
import { broken, MUTANTS } from "./model/mutants"
import { outcomeOf } from "./model/outcome"
import { REAL, Stream, type Under } from "./model/stream"
import { anyTruth, type Truth } from "./model/truth"

/** `STREAMS_SEED` runs the same streams again, `STREAMS` another number of them. */
const STREAMS = Number(process.env.STREAMS ?? 10_000)
const SEED = Number(process.env.STREAMS_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** A broken rule may do harm in one scenario of some thousands only; the first one ends the search. */
const STREAMS_OF_A_MUTANT = 60_000

const anyWeather = fc.record({ seed: fc.nat(), choices: fc.nat(250) })

/** Runs one truth in fair weather and in some other: both hold on the way, and end the same. */
function endsAlike(truth: Truth, weather: Weather, under: Under): void {
  const fair = outcomeOf(Stream.inFairWeather(truth, under))
  const stormy = outcomeOf(Stream.inWeather(truth, weather, under))
  if (isDeepStrictEqual(stormy, fair)) return
  throw new Error(
    `the weather changed the outcome\nfair:   ${JSON.stringify(fair)}\nstormy: ${JSON.stringify(stormy)}`,
  )
}

describe("random streams", () => {
  test(`${STREAMS} end as the same truth does in fair weather, and nothing breaks on the way`, () => {
    const began = process.cpuUsage()
    process.stderr.write(`streams: seed ${SEED}; the same again: STREAMS_SEED=${SEED}\n`)
    const property = fc.property(anyTruth, anyWeather, (truth, weather) => {
      endsAlike(truth, weather, REAL)
    })
    fc.assert(property, { seed: SEED, numRuns: STREAMS })
    const { user, system } = process.cpuUsage(began)
    process.stderr.write(
      `streams: ${STREAMS} of seed ${SEED} in ${((user + system) / 1e6).toFixed(1)} s of CPU\n`,
    )
  }, 300_000)

  // A proof that cannot fail proves nothing: each of these breaks one of the rules.
  test.each(MUTANTS)(
    "are not survived by a lifecycle that $name",
    (mutant) => {
      const under = broken(mutant)
      const property = fc.property(anyTruth, anyWeather, (truth, weather) => {
        endsAlike(truth, weather, under)
      })
      const { failed } = fc.check(property, {
        seed: SEED,
        numRuns: STREAMS_OF_A_MUTANT,
        endOnFailure: true,
      })
      expect(failed).toBe(true)
    },
    300_000,
  )
})
