import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { z } from "@medusajs/framework/zod"

const ROOT = join(__dirname, "..", "..")
const END_WITH_US = join(__dirname, "..", "support", "end-with-parent.cjs")

const figures = z.object({
  streams: z.number(),
  differing: z.number(),
  deaths: z.number(),
})

/** Sums over all batches; `deaths`: how many workers were killed on the way. */
type StreamFigures = z.infer<typeof figures> & { seed: number }

/**
 * Runs so many random streams in a store of its own: the spec of the test suite in a process of its own,
 * because only there Medusa is booted inside the process that kills its workers.
 *
 * @throws Error when a batch could not be judged at all
 */
export async function runStreams(expected: {
  streams: number
  seed: number
  tell: (line: string) => void
}): Promise<StreamFigures> {
  const { streams, seed, tell } = expected
  const home = await mkdtemp(join(tmpdir(), "kobbopay-streams-"))
  const report = join(home, "report.jsonl")
  try {
    const child = spawn(
      process.execPath,
      ["-r", END_WITH_US, "--experimental-vm-modules", ...jest],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          NODE_OPTIONS: "--no-warnings",
          NODE_ENV: "test",
          STREAMS_REPORT: report,
          STREAMS_OF_STORE: String(streams),
          STREAMS_SEED: String(seed),
        },
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      },
    )
    const ended = once(child, "exit")
    const last: string[] = []
    const { stderr } = child
    if (stderr === null) throw new Error("the storm cannot be heard")
    for await (const line of createInterface({ input: stderr })) {
      if (line.startsWith("streams: ") || line.startsWith("  ")) tell(line.replace("streams: ", ""))
      last.push(line)
      if (last.length > 40) last.shift()
    }
    await ended
    const batches = (await readFile(report, "utf8").catch(() => ""))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => figures.parse(JSON.parse(line)))
    const sum = (key: keyof z.infer<typeof figures>) =>
      batches.reduce((total, batch) => total + batch[key], 0)
    if (sum("streams") !== streams) {
      const how = child.signalCode ?? `exit code ${child.exitCode}`
      throw new Error(
        `only ${sum("streams")} of ${streams} streams were judged (${how}):\n${last.join("\n")}`,
      )
    }
    return { streams, differing: sum("differing"), deaths: sum("deaths"), seed }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

const jest = [
  join(ROOT, "node_modules/jest/bin/jest.js"),
  "-c",
  join(ROOT, "integration-tests/jest.config.cjs"),
  "--runInBand",
  "--forceExit",
  "--selectProjects",
  "store",
  "--testPathPattern",
  "integration-tests/http/streams.spec",
]
