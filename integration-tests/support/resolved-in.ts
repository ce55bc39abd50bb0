import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { z } from "@medusajs/framework/zod"

const run = promisify(execFile)

/**
 * What Node makes of each part of an installed package: "found", or the code of its error. Asked in a process of
 * its own, for jest resolves by rules of its own.
 */
export async function resolvedIn(
  store: string,
  name: string,
  parts: readonly string[],
): Promise<string[]> {
  const script = `
    const outcome = (part) => {
      try {
        require.resolve(${JSON.stringify(name)} + "/" + part)
        return "found"
      } catch (error) {
        return error.code
      }
    }
    console.log(JSON.stringify(${JSON.stringify(parts)}.map(outcome)))
  `
  const { stdout } = await run(process.execPath, ["-e", script], { cwd: store })
  return z.array(z.string()).parse(JSON.parse(stdout))
}
