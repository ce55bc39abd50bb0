import { createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders } from "node:http"

import { request } from "undici"
import { z } from "@medusajs/framework/zod"

import { type Sandbox, type SandboxOptions, startSandbox } from "../index"

export const API_KEY = "api-key-for-tests"
export const PUBLIC_ID = "public-id-for-tests"
const PRIVATE_KEY = "private-key-for-tests"
export const SECRETS = { docs: "docs-secret-for-tests", invoice: "invoice-secret-for-tests" }

const running: (() => Promise<void>)[] = []

/** Stops everything a test started; for `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((stop) => stop()))
}

export async function sandboxFor(
  url: string | null,
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox> {
  const sandbox = await startSandbox({
    credentials: { apiKey: API_KEY, publicId: PUBLIC_ID, privateKey: PRIVATE_KEY },
    webhook: { url, secret: SECRETS },
    retry: { delaysMs: [1, 1, 1] },
    seed: 7,
    ...options,
  })
  running.push(() => sandbox.close())
  return sandbox
}

export type Received = { headers: IncomingHttpHeaders; body: string }

/** A shop's webhook route: keeps what came, and answers what it is told to. */
export async function receiver(statuses: number[] = []) {
  const received: Received[] = []
  const silent = { is: false }
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("end", () => {
      received.push({ headers: incoming.headers, body: Buffer.concat(chunks).toString("utf8") })
      if (!silent.is) outgoing.writeHead(statuses.shift() ?? 200).end("ok")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = z.object({ port: z.number() }).parse(server.address())
  running.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { url: `http://127.0.0.1:${address.port}/hooks/kobbopay`, received, silent }
}

const json = z.record(z.string(), z.unknown())

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string }

export async function send(
  method: "GET" | "POST" | "DELETE" | "PUT",
  url: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer & { json: () => Record<string, unknown> }> {
  const answer = await request(url, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await answer.body.text()
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json: () => json.parse(JSON.parse(text)),
  }
}

export const docsBody = (orderId: string, amount: unknown = "10.50", network = "tron") =>
  JSON.stringify({ amount, currency: "USDT", network, orderId })

export const docsCreate = (sandbox: Sandbox, orderId: string, amount: unknown = "10.50") =>
  send("POST", `${sandbox.url}/v1/payments`, { "x-api-key": API_KEY }, docsBody(orderId, amount))

export const docsRead = (sandbox: Sandbox, id: string) =>
  send("GET", `${sandbox.url}/v1/payments/${id}`, { "x-api-key": API_KEY })

/** Headers of a signed request, by the contract and not by the code under test. */
export function signed(body: string, seconds = Math.floor(Date.now() / 1000), key = PRIVATE_KEY) {
  return {
    Accept: "application/json",
    ApiPublic: PUBLIC_ID,
    Timestamp: String(seconds),
    Signature: createHmac("sha512", key).update(`${seconds}${body}`).digest("hex"),
  }
}

export function invoiceCreate(sandbox: Sandbox, reference: string, token = "USDTTRC") {
  const body = JSON.stringify({ token, client_transaction_id: reference })
  return send("POST", `${sandbox.url}/api/crypto/invoice/create`, signed(body), body)
}

export const invoiceGet = (sandbox: Sandbox, id: string) =>
  send("GET", `${sandbox.url}/api/crypto/invoice/get/?tracker_id=${id}`, signed(""))

export function transactionGet(sandbox: Sandbox, tracker: string) {
  const body = JSON.stringify({ tracker_id: tracker })
  return send("POST", `${sandbox.url}/api/transaction/get`, signed(body), body)
}

/** Both calls of an invoice read; null while nothing was received. */
export async function invoiceRead(sandbox: Sandbox, id: string): Promise<unknown> {
  const { transaction_tracker_id: tracker } = (await invoiceGet(sandbox, id)).json()
  if (typeof tracker !== "string") return null
  return (await transactionGet(sandbox, tracker)).json()["transaction"]
}

/** What an event's body says, in one profile's words or the other's. */
export function eventOf({ body }: Received): string {
  return z.object({ event: z.string() }).parse(JSON.parse(body)).event
}
