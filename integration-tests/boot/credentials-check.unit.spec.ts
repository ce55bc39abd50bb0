import { createServer, type RequestListener, type Server } from "node:http"
import { accountFrom, docsInput, invoiceInput } from "../../src/kobbopay/__tests__/support/accounts"
import { startSandbox, type Sandbox } from "../../src/sandbox"
import { checkCredentials } from "../../src/modules/kobbopay/credentials-check"

const SECRETS = { docs: "of-webhooks-docs", invoice: "of-webhooks-invoice" }
let sandbox: Sandbox | null = null
let server: Server | null = null

afterEach(async () => {
  await sandbox?.close()
  server?.closeAllConnections()
  server?.close()
  sandbox = server = null
})

const open = async (tokens: string[] = ["USDTTRC", "USDTBSC"]): Promise<string> => {
  sandbox = await startSandbox({
    tokens,
    webhook: { url: null, secret: SECRETS },
    credentials: {
      apiKey: docsInput.apiKey,
      publicId: invoiceInput.publicId,
      privateKey: invoiceInput.privateKey,
    },
  })
  return sandbox.url
}
const answering = async (answer: RequestListener): Promise<string> => {
  const made = (server = createServer(answer))
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve))
  const address = made.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return `http://127.0.0.1:${address.port}`
}

/** What is logged at boot for an account with these options. */
async function boot(options: object, around: { isProduction?: boolean; backendUrl?: string } = {}) {
  const lines: string[] = []
  const keep = (level: string) => (line: string) => void lines.push(`${level} ${line}`)
  await checkCredentials({
    accounts: [accountFrom(options)],
    log: { info: keep("info"), warn: keep("warn") },
    backendUrl: around.backendUrl ?? null,
    isProduction: around.isProduction ?? false,
    signal: new AbortController().signal,
  })
  for (const secret of [
    docsInput.apiKey,
    invoiceInput.publicId,
    invoiceInput.privateKey,
    "wrong-",
  ]) {
    expect(lines.join()).not.toContain(secret)
  }
  return lines
}

describe.each([
  ["docs", docsInput, { apiKey: "wrong-key" }, "apiKey"],
  ["invoice", invoiceInput, { privateKey: "wrong-key" }, "publicId and privateKey"],
] as const)("the boot of an account of the %s profile", (profile, input, wrong, named) => {
  it("tells account, host, rails, webhook URL, and that the credentials were taken", async () => {
    const baseUrl = await open()
    const lines = await boot({ ...input, baseUrl }, { backendUrl: "https://shop.example" })
    expect(lines).toEqual([
      `info kobbopay: account kobbopay (${profile}) at ${new URL(baseUrl).host}; rails: usdt-tron; ` +
        "webhooks go to https://shop.example/hooks/kobbopay; Kobbopay took the credentials",
    ])
  })

  it("warns of credentials that are refused, and names them", async () => {
    const lines = await boot({ ...input, baseUrl: await open(), ...wrong })
    expect(lines).toEqual([expect.stringMatching(/^warn .*REFUSES THE CREDENTIALS.*401/)])
    expect(lines[0]).toContain(`Look at ${named}`)
  })

  it("tells that nobody is there, and goes on", async () => {
    const lines = await boot({ ...input, baseUrl: "http://127.0.0.1:9" })
    expect(lines).toEqual([expect.stringMatching(/^warn .*could not be tried.*ECONNREFUSED/)])
  })

  it("waits no longer than a boot's line may take, and tries once", async () => {
    let asked = 0
    const baseUrl = await answering(() => void asked++)
    const before = Date.now()
    const lines = await boot({ ...input, baseUrl })
    expect(Date.now() - before).toBeLessThan(30_000)
    expect([asked, lines.length]).toEqual([1, 1])
  }, 60_000)

  it("takes no page of something else for an answer", async () => {
    const baseUrl = await answering((_, response) => response.writeHead(503).end("<html>"))
    expect(await boot({ ...input, baseUrl })).toEqual([expect.stringMatching(/could not be tried/)])
  })

  it("warns of a base URL on this machine in production", async () => {
    const baseUrl = await open()
    const lines = await boot({ ...input, baseUrl }, { isProduction: true })
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^warn .*this very machine, in production.*Set baseUrl/)
  })
})

it("tells which rails of an invoice account are not enabled", async () => {
  const [rail] = invoiceInput.rails
  const rails = [rail, { ...rail, id: "usdt-bsc", token: "USDTBSC" }]
  const lines = await boot({ ...invoiceInput, rails, baseUrl: await open(["USDTTRC"]) })
  expect(lines).toEqual([
    expect.stringMatching(
      /^warn .*took the credentials, but .*not enabled.*: usdt-bsc \(USDTBSC\)$/,
    ),
  ])
})
