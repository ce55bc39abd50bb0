import { once } from "node:events"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"

export type Door = { url: string; close(): Promise<void> }

/**
 * What stands in front of several processes, as a load balancer without health checks: hands requests to one port after the
 * other, byte for byte, whether its process lives or not. 502 when it does not answer, so that Kobbopay sends again.
 */
export async function openDoor(ports: readonly number[]): Promise<Door> {
  let turn = 0
  const server = createServer((incoming, answer) => {
    const port = ports[turn++ % ports.length]
    if (port === undefined) throw new Error("a door without a process behind it")
    forward(incoming, answer, port)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the door has no port")
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

function forward(incoming: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url: path, rawHeaders: headers } = incoming
  const onward = request({ host: "127.0.0.1", port, method, path, headers, agent: false })
  onward.on("response", (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
    reply.on("error", () => answer.destroy())
    reply.pipe(answer)
  })
  onward.on("error", () => {
    if (answer.headersSent) answer.destroy()
    else answer.writeHead(502).end()
  })
  answer.on("close", () => onward.destroy())
  incoming.pipe(onward)
}
