import type { IncomingMessage, ServerResponse } from "node:http"

import { SandboxError } from "./errors"
import type { Answer, ApiRequest } from "./wire"

const BODY_LIMIT = 65_536

/** Reads a request whole. Throws a SandboxError (413) above 64 KiB. */
export async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > BODY_LIMIT) throw new SandboxError(413, "the body is larger than 64 KiB")
    chunks.push(bytes)
  }
  const [path = "/", query = ""] = splitOnce(incoming.url ?? "/", "?")
  return {
    method: incoming.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    rawBody: Buffer.concat(chunks),
  }
}

/** Sends an answer: a string as it is (HTML unless said otherwise), anything else as JSON. */
export function sendAnswer(outgoing: ServerResponse, { status, headers, body, cut }: Answer): void {
  const isText = typeof body === "string"
  const text = isText ? body : JSON.stringify(body)
  outgoing.writeHead(status, {
    "content-type": isText ? "text/html; charset=utf-8" : "application/json; charset=utf-8",
    "cache-control": "no-store",
    "content-length": Buffer.byteLength(text),
    ...headers,
  })
  if (cut !== true) return void outgoing.end(text)
  outgoing.write(text.slice(0, text.length / 2), () => outgoing.destroy())
}

/** A path segment as it was meant. Throws a SandboxError (400). */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new SandboxError(400, "the path is not valid percent-encoding")
  }
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
