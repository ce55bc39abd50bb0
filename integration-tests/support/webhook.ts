import { request, type IncomingHttpHeaders } from "node:http"
import { signWebhook } from "../../src/kobbopay/__tests__/support/sign-webhook"
import type { World } from "./store-suite"

/** One HTTP request to the webhook route, byte for byte. */
export type Message = {
  method?: string
  path?: string
  /** A list sends the header that many times. */
  headers: Record<string, string | string[]>
  body: Buffer | string
  /** The body is begun and never ended; the connection is dropped once there is an answer. */
  unended?: boolean
}

export type Answered = { status: number; headers: IncomingHttpHeaders; body: string }

/** Sends a message. Rejects when the connection ends without an answer. */
export function send(url: string, message: Message): Promise<Answered> {
  const { method = "POST", path = "/hooks/kobbopay", headers, body, unended = false } = message
  return new Promise((resolve, reject) => {
    // On a connection of its own: one that is kept could just be closed by the server as it is used again.
    const sent = request(`${url}${path}`, { method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = []
      answer
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text })
          if (unended) sent.destroy()
        })
    })
    sent.on("error", reject)
    if (unended) sent.write(body)
    else sent.setHeader("content-length", Buffer.byteLength(body)).end(body)
  })
}

export type Signing = {
  /** Unix seconds; default: now. */
  timestamp?: number
  eventId?: string
  deliveryId?: string
  /** Default: the account's first. */
  secret?: string
}

/**
 * A webhook as Kobbopay would send it to one of the store's accounts. The body is signed as it is when
 * it is text or bytes, else as JSON.
 */
export function signed(
  world: World,
  accountId: string,
  body: Buffer | string | object,
  { timestamp = Math.floor(Date.now() / 1000), eventId = "event-1", ...more }: Signing = {},
): Message & { headers: Record<string, string> } {
  const bytes = Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body)
  const headers = signWebhook(webhookOf(world, accountId), bytes, { timestamp, eventId, ...more })
  return { headers: { "content-type": "application/json", ...headers }, body: bytes }
}

/** The webhook options of an account, its secrets among them. */
export function webhookOf(world: World, accountId: string) {
  const account = world.service.accounts.find(({ id }) => id === accountId)
  if (account === undefined) throw new Error(`the store has no account ${accountId}`)
  return account.options.webhook
}

/** Every line that the store's log is given while `during` runs; it is handed what came so far. */
export async function logged(
  world: World,
  during: (soFar: () => string[]) => Promise<unknown>,
): Promise<string[]> {
  const log = world.container.resolve("logger")
  const levels = ["debug", "info", "warn", "error"] as const
  const spies = levels.map((level) => jest.spyOn(log, level))
  const lines = () =>
    spies.flatMap((spy) => spy.mock.calls.map((call) => call.map(String).join(" ")))
  try {
    await during(lines)
    return lines()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}
