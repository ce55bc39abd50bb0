import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import { Agent } from "undici"
import { createClient, type KobbopayClient } from "../../client"
import { accountFrom } from "./accounts"

export type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: string }
/** One answer: JSON as 200, or whatever a function makes of the response. */
export type Answer = object | ((response: ServerResponse) => void)

export const status =
  (code: number, body: unknown = {}, headers: Record<string, string> = {}): Answer =>
  (response: ServerResponse) => {
    response.writeHead(code, headers).end(typeof body === "string" ? body : JSON.stringify(body))
  }
/** Breaks the connection instead of answering. */
export const hangUp: Answer = (response: ServerResponse) => response.destroy()

export type Scripted = {
  client: KobbopayClient
  seen: Seen[]
  /** Pauses the client asked for, milliseconds. */
  pauses: number[]
  clock: { now: number }
  /** What happens while the client pauses. */
  events: { onPause: () => void }
  close: () => Promise<void>
}

/** A client on a real server on this machine, which gives the answers in turn, the last one for ever. */
export async function scripted(options: object, answers: Answer[]): Promise<Scripted> {
  const seen: Seen[] = []
  const pauses: number[] = []
  const clock = { now: 1_735_689_600_000 }
  const events = { onPause: () => {} }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { method = "", url = "", headers } = request
      const answer = answers[Math.min(seen.length, answers.length - 1)]
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      if (typeof answer === "function") answer(response)
      else response.writeHead(200).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const dispatcher = new Agent()
  const account = accountFrom({ ...options, baseUrl: `http://127.0.0.1:${address.port}` })
  const client = createClient(account, {
    dispatcher,
    now: () => clock.now,
    random: () => 0.5,
    sleep: (ms, signal) => {
      pauses.push(ms)
      clock.now += ms
      events.onPause()
      return signal?.aborted ? Promise.reject(new Error("woken up")) : Promise.resolve()
    },
  })
  const close = async (): Promise<void> => {
    await dispatcher.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { client, seen, pauses, clock, events, close }
}
