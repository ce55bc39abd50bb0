import { access } from "node:fs/promises"
import { createRequire } from "node:module"
import { join } from "node:path"
import { z } from "@medusajs/framework/zod"

const HARNESS = join(__dirname, "..", "streams", "run.ts")

type RunStreams = (options: {
  streams: number
  seed: number
  tell: (line: string) => void
}) => Promise<unknown>

const harness = z.object({
  runStreams: z.custom<RunStreams>((value) => typeof value === "function"),
})

/**
 * Runs permuted event streams through the harness beside this folder, which is only loaded here. Answers its figures.
 *
 * @throws Error when there is none.
 */
export async function streamsOf(
  streams: number,
  seed: number,
  tell: (line: string) => void,
): Promise<unknown> {
  await access(HARNESS).catch(() => {
    throw new Error("there is no harness for event streams in integration-tests/streams")
  })
  const { runStreams } = harness.parse(createRequire(__filename)(HARNESS))
  return runStreams({ streams, seed, tell })
}
