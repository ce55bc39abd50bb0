import type { Readable } from "node:stream"

/** Why a body was not taken, with the status that says so. */
export class BodyRefused extends Error {
  constructor(
    readonly status: 400 | 408 | 413 | 503,
    cause: string,
  ) {
    super(cause)
  }
}

const CUT = "the connection ended before the body did"

/**
 * Reads at most `limit` bytes of a request's body, as they were sent, within `withinMs`.
 * @throws {BodyRefused} larger, slower, cut off, or read by somebody else before
 */
export function readRawBody(request: Readable, limit: number, withinMs: number): Promise<Buffer> {
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
    if (request.readableEnded) {
      return reject(new BodyRefused(503, "another middleware has read the body before its route"))
    }
    if (request.destroyed) return reject(new BodyRefused(400, CUT))
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
        if (!request.readableEnded) refuse(400, CUT)
      })
  })
}
