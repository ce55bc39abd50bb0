import type { IncomingMessage } from "node:http"

/** Why a body was not taken, with the status that says so. */
export class BodyRefused extends Error {
  constructor(
    readonly status: 400 | 408 | 413,
    cause: string,
  ) {
    super(cause)
  }
}

/**
 * Reads at most `limit` bytes of a request's body, as they were sent, within `withinMs`.
 * @throws {BodyRefused} larger, slower, or cut off
 */
export function readRawBody(
  request: IncomingMessage,
  limit: number,
  withinMs: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const refuse = (status: BodyRefused["status"], cause: string) => {
      clearTimeout(timer)
      request.off("data", onData)
      reject(new BodyRefused(status, cause))
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) refuse(413, `the body is larger than ${limit} bytes`)
      else chunks.push(chunk)
    }
    const timer = setTimeout(() => {
      refuse(408, `the body did not arrive within ${withinMs} ms`)
    }, withinMs)
    request
      .on("data", onData)
      .on("end", () => {
        clearTimeout(timer)
        resolve(Buffer.concat(chunks, size))
      })
      .on("close", () => {
        if (!request.readableEnded) refuse(400, "the connection ended before the body did")
      })
  })
}
