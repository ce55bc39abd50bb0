import { createServer, type IncomingMessage } from "node:http"
import { connect, type Socket } from "node:net"

export type ConnectProxy = {
  port: number
  /** What was asked of it: "CONNECT host:port", with the credentials that came along. */
  asked: { target: string; authorization: string | null }[]
  close(): Promise<void>
}

/**
 * An outgoing proxy on this machine: whatever host a CONNECT names, it leads to `to`; with a status instead
 * of a port it refuses.
 */
export async function connectProxy(
  to: { port: number } | { status: string },
): Promise<ConnectProxy> {
  const asked: ConnectProxy["asked"] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on("error", () => socket.destroy())
    socket.on("close", () => sockets.delete(socket))
    return socket
  }
  const server = createServer((_request, response) => response.writeHead(400).end())
  server.on("connection", keep)
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    const authorization = request.headers["proxy-authorization"] ?? null
    asked.push({ target: `CONNECT ${request.url ?? ""}`, authorization })
    if ("status" in to) return void socket.end(`HTTP/1.1 ${to.status}\r\n\r\n`)
    const onward = keep(connect(to.port, "127.0.0.1"))
    onward.once("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
      socket.pipe(onward).pipe(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    port: address.port,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
