import { connect, type Socket } from "node:net"
import { z } from "@medusajs/framework/zod"
import { Pool } from "pg"
import { insertOf, requestOf, type Target } from "./messages"

/** Messages are made beforehand, so that the round measures the receiver and not the signing. */
const MADE_AHEAD_PER_SECOND = 6_000

export const orderSchema = z.object({
  target: z.enum(["kobbopay", "stripe", "nothing", "commit"]),
  /** The store, or the database when rows are committed. */
  url: z.string(),
  connections: z.number(),
  seconds: z.number(),
  /** Makes the bodies of one round differ from all others. */
  round: z.string(),
})
export type LoadOrder = z.infer<typeof orderSchema>

export const outcomeSchema = z.object({
  perSecond: z.number(),
  /** Milliseconds of every answer. */
  latencies: z.array(z.number()),
  /** How often each status came; a committed row counts as 200. */
  statuses: z.record(z.string(), z.number()),
})
export type LoadOutcome = z.infer<typeof outcomeSchema>

/** Does one thing, numbered, and tells the status; each connection has one. */
type Send = (index: number) => Promise<number>

async function run(order: LoadOrder): Promise<LoadOutcome> {
  const { senders, close } = await (order.target === "commit"
    ? committing(order)
    : requesting(order, order.target))
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  let index = 0
  const start = performance.now()
  const end = start + order.seconds * 1_000
  await Promise.all(
    senders.map(async (send) => {
      for (;;) {
        const begun = performance.now()
        if (begun >= end) return
        const status = await send(index++)
        latencies.push(performance.now() - begun)
        statuses[status] = (statuses[status] ?? 0) + 1
      }
    }),
  )
  const seconds = (performance.now() - start) / 1_000
  await close()
  return { perSecond: latencies.length / seconds, latencies, statuses }
}

async function requesting(order: LoadOrder, target: Exclude<Target, "commit">) {
  const { hostname, port } = new URL(order.url)
  const made = Array.from({ length: order.seconds * MADE_AHEAD_PER_SECOND }, (_, index) =>
    requestOf(target, `${order.round}-${index}`),
  )
  const sockets = await Promise.all(
    Array.from({ length: order.connections }, () => opened(Number(port), hostname)),
  )
  const senders = sockets.map(
    (socket): Send =>
      (index) =>
        exchange(socket, made[index] ?? requestOf(target, `${order.round}-${index}`)),
  )
  const close = () => Promise.resolve(sockets.forEach((socket) => socket.destroy()))
  return { senders, close }
}

function opened(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true }, () => resolve(socket))
    socket.once("error", reject)
  })
}

/** One request and its whole answer, on a connection that is kept. */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let seen = ""
    const onData = (chunk: Buffer) => {
      seen += chunk.toString("latin1")
      const headEnd = seen.indexOf("\r\n\r\n")
      if (headEnd < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(seen)?.[1] ?? 0)
      if (seen.length < headEnd + 4 + length) return
      socket.off("data", onData).off("close", onClose)
      resolve(Number(seen.slice(9, 12)))
    }
    const onClose = () => reject(new Error("the store closed a connection"))
    socket.on("data", onData).on("close", onClose)
    socket.write(request)
  })
}

async function committing(order: LoadOrder) {
  const pool = new Pool({ connectionString: order.url, max: order.connections })
  const clients = await Promise.all(Array.from({ length: order.connections }, () => pool.connect()))
  const senders = clients.map((client): Send => async (index) => {
    await client.query(insertOf(`${order.round}-${index}`))
    return 200
  })
  const close = async () => {
    for (const client of clients) client.release()
    await pool.end()
  }
  return { senders, close }
}

if (process.send !== undefined) {
  process.once("disconnect", () => process.exit())
  process.on("message", (message) => {
    run(orderSchema.parse(message)).then(
      (outcome) => process.send?.(outcome),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
