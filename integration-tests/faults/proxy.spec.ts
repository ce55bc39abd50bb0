import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer as plainServer, type RequestListener } from "node:http"
import { createServer, type Server } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { makeCertificate } from "../support/certificate"
import { connectProxy, type ConnectProxy } from "../support/connect-proxy"

const run = promisify(execFile)
jest.setTimeout(60_000)

/** A name that leads nowhere: only the proxy can reach it. */
const HOST = "kobbopay.invalid"
const PASSWORD = "of-the-proxy"
const options = {
  profile: "docs",
  baseUrl: `https://${HOST}`,
  apiKey: "test-api-key",
  webhook: { secrets: ["test-webhook-secret"] },
  rails: [{ id: "usdt-tron", token: "USDTTRC", prices: { usd: "1" } }],
}
const answer: RequestListener = (_request, response) =>
  response.end(JSON.stringify({ payment_id: "pay_1", status: "Pending" }))

let home: string
let kobbopay: Server | null = null
let proxy: ConnectProxy | null = null

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kobbopay-proxy-"))
})
afterEach(async () => {
  await proxy?.close()
  kobbopay?.closeAllConnections()
  await new Promise((resolve) => (kobbopay === null ? resolve(null) : kobbopay.close(resolve)))
  proxy = kobbopay = null
})
afterAll(() => rm(home, { recursive: true, force: true }))

/** What a store's process would get: in an environment that holds nothing but what is given. */
async function read(changes: object, env: Record<string, string>): Promise<string> {
  const { stdout, stderr } = await run(
    process.execPath,
    [
      "-r",
      "ts-node/register/transpile-only",
      join(__dirname, "../support/read-once.ts"),
      JSON.stringify({ ...options, ...changes }),
    ],
    { env: { PATH: process.env.PATH, ...env }, cwd: join(__dirname, "../..") },
  )
  return (stdout + stderr).trim()
}

const port = (server: Server | ReturnType<typeof plainServer>): number => {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

/** Kobbopay over TLS, with a certificate that only who has the file trusts; null where none can be made. */
async function overTls(): Promise<{ ca: string; port: number } | null> {
  const made = await makeCertificate(home, HOST).catch(() => null)
  if (made === null) return null
  const server = createServer(
    { key: await readFile(made.key), cert: await readFile(made.certificate) },
    answer,
  )
  kobbopay = server
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { ca: made.certificate, port: port(server) }
}

const address = (at: ConnectProxy) => `http://127.0.0.1:${at.port}`

test("a store behind a proxy reaches Kobbopay through it, and trusts the certificates it is given", async () => {
  const tls = await overTls()
  if (tls === null) {
    console.log("There is no openssl here to make a certificate with: not tested.")
    return
  }
  proxy = await connectProxy({ port: tls.port })
  const trusting = { NODE_EXTRA_CA_CERTS: tls.ca }
  expect(await read({}, { HTTPS_PROXY: address(proxy), ...trusting })).toBe("pending")
  expect(await read({}, { https_proxy: `127.0.0.1:${proxy.port}`, ...trusting })).toBe("pending")
  expect(await read({}, { ALL_PROXY: address(proxy), ...trusting })).toBe("pending")
  const withPassword = `http://store:${PASSWORD}@127.0.0.1:${proxy.port}`
  expect(await read({ request: { proxy: withPassword } }, trusting)).toBe("pending")
  expect(proxy.asked.map(({ target }) => target)).toEqual(Array(4).fill(`CONNECT ${HOST}:443`))
  const basic = Buffer.from(`store:${PASSWORD}`).toString("base64")
  expect(proxy.asked.map(({ authorization }) => authorization)).toEqual([
    null,
    null,
    null,
    `Basic ${basic}`,
  ])
  expect(await read({}, { HTTPS_PROXY: address(proxy) })).toMatch(/through the proxy.*SELF_SIGNED/)
})

test("a proxy that refuses is named, and its password is not", async () => {
  proxy = await connectProxy({ status: "407 Proxy Authentication Required" })
  const given = `http://store:${PASSWORD}@127.0.0.1:${proxy.port}`
  const output = await read({}, { HTTPS_PROXY: given })
  expect(output).toContain(`through the proxy 127.0.0.1:${proxy.port}: it answered 407`)
  expect(output).not.toContain(PASSWORD)
})

test("a proxy that is not there is named", async () => {
  const gone = await connectProxy({ status: "200" })
  await gone.close()
  expect(await read({}, { HTTPS_PROXY: address(gone) })).toMatch(
    new RegExp(`through the proxy 127.0.0.1:${gone.port}: ECONNREFUSED`),
  )
})

test("an address that is none is refused in words, without it", async () => {
  const output = await read({}, { HTTPS_PROXY: `ftp://store:${PASSWORD}@proxy` })
  expect(output).toMatch(/the proxy that is set is no http or https address; write it like/)
  expect(output).not.toContain(PASSWORD)
})

test.each([
  ["NO_PROXY names the host", {}, { NO_PROXY: `other.example,${HOST}` }],
  ["NO_PROXY names its domain", {}, { no_proxy: ".invalid" }],
  ["NO_PROXY names everything", {}, { NO_PROXY: "*" }],
  ["the account wants none", { request: { proxy: false } }, {}],
])("no proxy is used when %s", async (_, changes, env) => {
  proxy = await connectProxy({ status: "502 Bad Gateway" })
  const output = await read(changes, { HTTPS_PROXY: address(proxy), ...env })
  expect(output).toMatch(/could not be reached/)
  expect(proxy.asked).toEqual([])
})

test("this very machine is never reached through a proxy", async () => {
  proxy = await connectProxy({ status: "502 Bad Gateway" })
  const server = plainServer(answer)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const all = { HTTPS_PROXY: address(proxy), HTTP_PROXY: address(proxy), ALL_PROXY: address(proxy) }
  for (const host of ["127.0.0.1", "localhost"]) {
    const baseUrl = `http://${host}:${port(server)}`
    expect(await read({ baseUrl }, all)).toBe("pending")
    expect(await read({ baseUrl, request: { proxy: address(proxy) } }, all)).toBe("pending")
  }
  expect(proxy.asked).toEqual([])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
