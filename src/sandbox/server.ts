import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { isIPv6 } from "node:net"

import { type KobbopayApi, RESET } from "./kobbopay-api"
import type { SandboxControl } from "./control"
import { answerControl, isControlPath, isForm } from "./control-routes"
import { factsOf, SandboxError } from "./errors"
import { refuseForeign } from "./guard"
import { PAGE_HEADERS } from "./html"
import { decoded, readRequest, sendAnswer } from "./http"
import { errorPage, indexPage, payPage } from "./pages"
import type { Answer, ApiRequest } from "./wire"

type ServerParts = {
  port: number
  host: string
  api: KobbopayApi
  control: SandboxControl
}

/** Listens for the wire, the control API and the pages. Rejects when the port cannot be had. */
export async function listen(parts: ServerParts): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    void serve(parts, incoming, outgoing)
  })
  // Longer than clients keep a connection, so that none is closed just as a request is sent on it.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(parts.port, parts.host, resolve)
  })
  return { url: urlOf(server, parts.host), close: () => close(server) }
}

async function serve(
  parts: ServerParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const request = await readRequest(incoming)
    const answer = await answerTo(parts, request)
    if (answer === RESET) incoming.socket.resetAndDestroy()
    else sendAnswer(outgoing, answer)
  } catch (error) {
    if (!outgoing.writable || outgoing.headersSent) return void incoming.destroy()
    const status = error instanceof SandboxError ? error.status : 500
    // What is left of the body was not read: the connection cannot be used again.
    const headers: Record<string, string> = incoming.complete ? {} : { connection: "close" }
    sendAnswer(outgoing, { status, headers, body: { error: factsOf(error).message } })
  }
}

async function answerTo(
  { api, control, host }: ServerParts,
  request: ApiRequest,
): Promise<Answer | typeof RESET> {
  if (api.owns(request.path)) return api.answer(request)
  refuseForeign(request, host)
  if (!isControlPath(request.path)) return pageAnswer(control, request)
  try {
    return await answerControl(control, request)
  } catch (error) {
    if (!(error instanceof SandboxError) || !isForm(request)) throw error
    return { status: error.status, headers: PAGE_HEADERS, body: errorPage(error.message) }
  }
}

function pageAnswer(control: SandboxControl, { method, path, query }: ApiRequest): Answer {
  const id = /^\/pay\/([^/]+)$/.exec(path)?.[1]
  const isPage = path === "/" || id !== undefined
  if (!isPage) return { status: 404, body: { error: `there is nothing at ${path}` } }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, headers: { allow: "GET" }, body: { error: "method not allowed" } }
  }
  try {
    const body =
      id === undefined
        ? indexPage(control)
        : payPage(control, decoded(id), query.get("amount") ?? "")
    return { status: 200, headers: PAGE_HEADERS, body }
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error
    return { status: error.status, headers: PAGE_HEADERS, body: errorPage(error.message) }
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("not listening on a port")
  const named = host === "0.0.0.0" || host === "::" ? "localhost" : host
  return `http://${isIPv6(named) ? `[${named}]` : named}:${address.port}`
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}
