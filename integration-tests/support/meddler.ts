import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"

/** An answer of the stand-in on its way to the store. */
export type Answer = { status: number; body: unknown }
/** Changes an answer; what it leaves alone goes on as it is. */
type Meddling = (request: { path: string; body: string }, answer: Answer) => Answer

/**
 * Stands between the store and the stand-in for Kobbopay, and changes what the stand-in answers: for what
 * a real environment may answer and the stand-in never would.
 */
export class Meddler {
  #meddling: Meddling = (_request, answer) => answer
  /** Requests that came through. */
  requests = 0

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  static async start(port: number, target: string): Promise<Meddler> {
    const server = createServer()
    const meddler = new Meddler(server, target)
    server.on("request", (request: IncomingMessage, response) => {
      meddler.#forward(request).then(
        ({ status, body }) => {
          response.writeHead(status, { "content-type": "application/json" })
          response.end(JSON.stringify(body))
        },
        () => response.destroy(),
      )
    })
    await new Promise<void>((resolve) => server.listen(port, "localhost", resolve))
    return meddler
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** From now on answers are changed like this. */
  meddle(meddling: Meddling): void {
    this.#meddling = meddling
  }

  /** Lets everything through as it is. */
  rest(): void {
    this.#meddling = (_request, answer) => answer
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  async #forward(request: IncomingMessage): Promise<Answer> {
    this.requests += 1
    const body = await text(request)
    const path = request.url ?? "/"
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === "string" && !["host", "content-length", "connection"].includes(name)
        ? [[name, value] as [string, string]]
        : [],
    )
    const { method = "GET" } = request
    const answered = await fetch(`${this.target}${path}`, {
      method,
      headers,
      ...(method === "GET" ? {} : { body }),
    })
    return this.#meddling({ path, body }, { status: answered.status, body: await answered.json() })
  }
}
