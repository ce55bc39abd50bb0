import { useState } from "react"
import { useRefresh } from "./refresh-context"

type Course = { isPending: boolean; isSuccess: boolean; error: Error | null }

const NOT_YET: Course = { isPending: false, isSuccess: false, error: null }

/** Whatever was thrown, as an error with a message. */
export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown))

/**
 * Carries out what a person decided. Whatever comes of it, also when somebody else was faster, what is shown of the payments is
 * asked for again before it counts as done.
 */
export function useAction<Given, Made>(
  run: (given: Given) => Promise<Made>,
  onDone: (made: Made) => void,
) {
  const refresh = useRefresh()
  const [course, setCourse] = useState(NOT_YET)
  const decide = async (given: Given): Promise<void> => {
    setCourse({ isPending: true, isSuccess: false, error: null })
    let error: Error | null = null
    try {
      onDone(await run(given))
    } catch (thrown) {
      error = errorOf(thrown)
    }
    await refresh()
    setCourse({ isPending: false, isSuccess: error === null, error })
  }
  return { ...course, mutate: (given: Given): void => void decide(given) }
}
