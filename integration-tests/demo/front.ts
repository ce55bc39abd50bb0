import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import { extname, join } from "node:path"
import { renderSVG } from "uqr"
import { UsageError } from "./settings"

const SHOP = join(__dirname, "shop")
const FILES = [
  "index.html",
  "style.css",
  "app.js",
  "api.js",
  "dom.js",
  "entitlements.js",
  "views.js",
  "payment.js",
  "order.js",
]
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
}
const CSP =
  "default-src 'self'; img-src 'self' data:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
const QR_CHARACTERS = 512

const STARTING = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2">
<title>Starting…</title><body style="font-family:system-ui;margin:20vh auto;max-width:24rem;text-align:center">
<h1>Just starting</h1><p>This page opens by itself in a moment.</p></body></html>`

/** What the shop page gets; everything in it is public. */
type ShopConfig = {
  publishableKey: string
  regionId: string
  currencyCode: string
  providerId: string
  shippingOptionId: string
  sandbox: string
  profile: string
}

export type Front = {
  url: string
  port: number
  /** From now on the shop is served, and everything that is not the shop's goes to Medusa on this port. */
  open(medusaPort: number, config: ShopConfig): void
  /** From now on the admin is served too. */
  openAdmin(): void
  close(): Promise<void>
}

/**
 * The one address of the demo: the shop page, and behind it the store, admin and hooks of Medusa, so that a browser sees one
 * origin. It listens from the first second, and says that it is starting until it is opened.
 *
 * @throws UsageError when the port is taken.
 */
export async function startFront(askedPort: number): Promise<Front> {
  let shop: { medusaPort: number; config: ShopConfig } | null = null
  let adminIsOpen = false
  const server = createServer((incoming, answer) => {
    const isAdmin = incoming.url?.startsWith("/app") ?? false
    if (shop === null || (isAdmin && !adminIsOpen)) {
      answer.writeHead(503, { "content-type": TYPES[".html"], "retry-after": "2" }).end(STARTING)
      return
    }
    const { medusaPort, config } = shop
    serveShop(incoming, answer, config)
      .then((served) => served || forward(incoming, answer, medusaPort))
      .catch(() => answer.destroy())
  })
  server.listen(askedPort, "127.0.0.1")
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EADDRINUSE"
      ? new UsageError(`port ${askedPort} is taken: set PORT to another one`)
      : error
  })
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : askedPort
  return {
    url: `http://localhost:${port}`,
    port,
    open: (medusaPort, config) => {
      shop = { medusaPort, config }
    },
    openAdmin: () => {
      adminIsOpen = true
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** False when the path is not the shop's. */
async function serveShop(
  incoming: IncomingMessage,
  answer: ServerResponse,
  config: ShopConfig,
): Promise<boolean> {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://localhost")
  if (pathname === "/shop/config.json") {
    send(answer, "application/json", JSON.stringify(config))
  } else if (pathname === "/shop/qr.svg") {
    const text = (searchParams.get("text") ?? "").slice(0, QR_CHARACTERS)
    send(answer, "image/svg+xml", renderSVG(text, { ecc: "M", border: 2 }))
  } else {
    const file = FILES.find((name) => pathname === (name === "index.html" ? "/" : `/shop/${name}`))
    if (file === undefined) {
      return false
    }
    send(answer, TYPES[extname(file)] ?? "text/plain", await readFile(join(SHOP, file), "utf8"))
  }
  return true
}

function send(answer: ServerResponse, type: string, body: string): void {
  answer
    .writeHead(200, {
      "content-type": type,
      "content-security-policy": CSP,
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    })
    .end(body)
}

/** Passes a request on as it came, byte for byte: webhooks are signed over their bytes, and doubled headers must stay doubled. */
function forward(incoming: IncomingMessage, answer: ServerResponse, port: number): true {
  const { method, url: path } = incoming
  const onward = request({
    host: "127.0.0.1",
    port,
    method,
    path,
    headers: incoming.rawHeaders,
    agent: false,
  })
  onward.on("response", (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.statusMessage, reply.rawHeaders)
    reply.on("error", () => answer.destroy())
    reply.pipe(answer)
  })
  onward.on("error", () => {
    if (answer.headersSent) {
      answer.end()
      return
    }
    answer.writeHead(503, { "content-type": "application/json", "retry-after": "2" })
    answer.end(JSON.stringify({ message: "Medusa is not answering just now" }))
  })
  answer.on("close", () => onward.destroy())
  incoming.pipe(onward)
  return true
}
