/**
 * Resolves once a step of Medusa's has taken too long, with how long that is in milliseconds; rejects when
 * the signal ends it before.
 */
export type Patience = (signal: AbortSignal) => Promise<number>

/** What is reported of a step of Medusa's that does not return. */
const hangingStep = (step: string, ms: number): string =>
  `Medusa's step \`${step}\` has not returned for ${Math.ceil(ms / 1000)} s: a workflow hook or subscriber of the store may hang`

/** Thrown to the caller of a step that has not returned in its time. The step itself still runs. */
export class StepHangs extends Error {
  override readonly name = "StepHangs"
}

/** The same side of Medusa; a method that takes too long is reported, once, and goes on. */
export function timed<T extends object>(
  side: T,
  patience: Patience,
  report: (failure: string) => void,
): T {
  return new Proxy(side, {
    get: (of, key): unknown => {
      const member: unknown = Reflect.get(of, key)
      if (typeof member !== "function") return member
      return async (...given: unknown[]): Promise<unknown> => {
        const ended = new AbortController()
        patience(ended.signal).then(
          (ms) => {
            if (!ended.signal.aborted) report(hangingStep(String(key), ms))
          },
          () => undefined,
        )
        try {
          const answer: unknown = Reflect.apply(member, of, given)
          return await answer
        } finally {
          ended.abort()
        }
      }
    },
  })
}

/**
 * Waits for work that may hang in one step of Medusa's, and no longer than patience lasts: what is given up
 * is only the waiting.
 *
 * @throws StepHangs
 */
export async function waitFor<T>(step: string, patience: Patience, work: Promise<T>): Promise<T> {
  const ended = new AbortController()
  const over = patience(ended.signal).then((ms) => {
    throw new StepHangs(hangingStep(step, ms))
  })
  // Ended by the signal once the work is done: nobody waits for it any more.
  over.catch(() => undefined)
  try {
    return await Promise.race([work, over])
  } finally {
    ended.abort()
  }
}
