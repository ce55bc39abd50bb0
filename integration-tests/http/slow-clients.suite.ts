import { connect, type Socket } from "node:net"
import { runtime } from "../../src/runtime"
import { memoryInUse } from "../support/memory"
import { storeSuite } from "../support/store-suite"
import { until } from "../support/until"
import { send, signed, type Message } from "../support/webhook"

const PAID = { event: "payment.paid", paymentId: "trk-1", orderId: "order-1" }
const MEGABYTE = 1024 * 1024

storeSuite("slow clients", (world) => {
  const post = (message: Message) => send(world().url, message)
  const valid = (body: Buffer | string | object = PAID, eventId = "event-1") =>
    signed(world(), "kobbopay", body, { eventId })
  const inbox = () => world().rows(`SELECT raw_body, state FROM kobbopay_event`)

  describe("clients that do not let go", () => {
    const patience = runtime.webhook.bodyWithinMs
    const open = new Set<Socket>()
    afterEach(() => {
      runtime.webhook.bodyWithinMs = patience
      for (const socket of open) socket.destroy()
      open.clear()
    })
    const dial = async (): Promise<Socket> => {
      const { hostname, port } = new URL(world().url)
      const socket = connect(Number(port), hostname)
      socket.on("error", () => undefined)
      open.add(socket)
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve).once("error", reject)
      })
      return socket
    }
    const dialMany = async (count: number) => {
      const sockets: Socket[] = []
      while (sockets.length < count) {
        sockets.push(...(await Promise.all(Array.from({ length: 100 }, dial))))
      }
      return sockets
    }
    const headOf = (length: number): string => {
      const head = { host: "localhost", ...valid().headers, "content-length": String(length) }
      const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
      return `POST /hooks/kobbopay HTTP/1.1\r\n${lines.join("")}\r\n`
    }

    test("one that drips a byte at a time is answered 408 and let go", async () => {
      runtime.webhook.bodyWithinMs = 500
      const socket = await dial()
      let answer = ""
      socket.on("data", (chunk: Buffer) => (answer += chunk.toString()))
      const closed = new Promise((resolve) => socket.once("close", resolve))
      const body = JSON.stringify({ ...PAID, filler: "x".repeat(2_000) })
      socket.write(headOf(body.length))
      let sent = 0
      const drip = setInterval(() => socket.write(body.charAt(sent++)), 20)
      await closed
      clearInterval(drip)
      expect(answer).toMatch(/^HTTP\/1\.1 408 /)
      expect(answer.toLowerCase()).toContain("connection: close")
      expect(sent).toBeLessThan(body.length)
      expect(await inbox()).toEqual([])
      expect((await post(valid())).status).toBe(200)
    })

    test("a thousand idle connections and a thousand half requests keep no good webhook out", async () => {
      const handles = () =>
        process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCPSocket")).length
      expect((await post(valid({ ...PAID, paymentId: "warm" }))).status).toBe(200)
      const before = { handles: handles(), memory: memoryInUse() }
      runtime.webhook.bodyWithinMs = 120_000
      const refused: string[] = []
      const idle = await dialMany(1_000)
      const half = await dialMany(1_000)
      for (const [index, socket] of half.entries()) {
        socket.on("data", (chunk: Buffer) => refused.push(chunk.toString()))
        const head = headOf(400)
        // One half of them in the middle of their headers, the other in the middle of their body.
        socket.write(index % 2 === 0 ? head.slice(0, 60) : `${head}${JSON.stringify(PAID)}`)
      }
      expect(handles()).toBeGreaterThanOrEqual(before.handles + 2_000)

      expect((await post(valid())).status).toBe(200)
      expect((await inbox()).map((row) => row["raw_body"])).toContain(JSON.stringify(PAID))
      expect(refused).toEqual([])
      expect([...idle, ...half].filter((socket) => socket.destroyed)).toEqual([])

      for (const socket of open) socket.destroy()
      open.clear()
      await until(() => handles() <= before.handles + 20, {
        withinMs: 20_000,
        what: "every connection being let go",
      })
      expect(memoryInUse() - before.memory).toBeLessThan(16 * MEGABYTE)
      expect(await inbox()).toHaveLength(2)
      expect((await post(valid({ ...PAID, paymentId: "after" }))).status).toBe(200)
    })
  })
})
