import { docsCreate, receiver, sandboxFor, send, stopAll } from "./support"

afterEach(stopAll)

const FORM = { "content-type": "application/x-www-form-urlencoded" }
const REDIRECT = "url=http%3A%2F%2Fevil.example%2F"

describe("a web page of somebody else", () => {
  const started = async (host?: string) => {
    const shop = await receiver()
    const sandbox = await sandboxFor(shop.url, host === undefined ? {} : { host })
    const { port } = new URL(sandbox.url)
    return { shop, sandbox, port }
  }

  const foreign: Record<string, Record<string, string>> = {
    "a form": { origin: "https://evil.example" },
    "a form of an opaque origin": { origin: "null" },
    "a form of another port here": { origin: "http://localhost:9000" },
    "a form, as new browsers tell it": { "sec-fetch-site": "cross-site" },
    "a form of another port, as new browsers tell it": { "sec-fetch-site": "same-site" },
    "a navigation by a form": { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
    "an opaque form, as new browsers tell it": { origin: "null", "sec-fetch-site": "cross-site" },
    "https instead of http under a like name": { origin: "https://localhost.evil.example" },
    "no origin at all": { origin: "evil" },
    "a name that was pointed here": { host: "evil.example" },
    "the same with our port": { host: "evil.example:PORT" },
    "a name that begins like ours": { host: "localhost.evil.example:PORT" },
    "a number that is not this machine's": { host: "203.0.113.7" },
    "another's name and origin": { host: "evil.example:PORT", origin: "http://evil.example:PORT" },
  }
  const onPort = (headers: Record<string, string>, port: string) =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace("PORT", port)]),
    )

  test.each(Object.entries(foreign))("changes nothing by %s", async (_name, headers) => {
    const { shop, sandbox, port } = await started()
    const sent = { ...FORM, ...onPort(headers, port) }
    const before = sandbox.control.webhook()
    for (const [method, path, body] of [
      ["POST", "/sandbox/webhook", REDIRECT],
      ["POST", "/sandbox/webhook", JSON.stringify({ url: "http://evil.example/" })],
      ["POST", "/sandbox/weather", "preset=storm"],
      ["DELETE", "/sandbox/weather", undefined],
      ["POST", "/sandbox/webhook/test", ""],
    ] as const) {
      expect((await send(method, `${sandbox.url}${path}`, sent, body)).status).toBe(403)
    }
    expect(sandbox.control.webhook()).toEqual(before)
    await sandbox.control.quiet()
    expect(shop.received).toEqual([])
  })

  test("reads nothing either", async () => {
    const { sandbox, port } = await started()
    const foreignReads: Record<string, string>[] = [
      { host: `evil.example:${port}` },
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
    ]
    for (const path of ["/sandbox/payments", "/sandbox/webhook", "/", "/pay/x"]) {
      for (const headers of foreignReads) {
        expect((await send("GET", `${sandbox.url}${path}`, headers)).status).toBe(403)
      }
    }
  })

  test("may link to a page", async () => {
    const { sandbox } = await started()
    const id = String((await docsCreate(sandbox, "order_1")).json()["payment_id"])
    const link = { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" }
    for (const path of ["/", `/pay/${id}`]) {
      expect((await send("GET", `${sandbox.url}${path}`, link)).status).toBe(200)
    }
  })

  test("the own pages, tools, and every name of this machine go on as before", async () => {
    const { sandbox, port } = await started()
    const weather = (headers: Record<string, string>) =>
      send("POST", `${sandbox.url}/sandbox/weather`, { ...FORM, ...headers }, "preset=fair")
    const own: Record<string, string>[] = [
      {},
      { origin: sandbox.url, "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" },
      { origin: "null", "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "none" },
      { host: `localhost:${port}`, origin: `http://localhost:${port}` },
      { host: `LOCALHOST:${port}`, origin: `http://localhost:${port}` },
      { host: `[::1]:${port}`, origin: `http://[::1]:${port}` },
      { host: `127.0.0.1:${port}` },
      { host: "sandbox.localhost" },
    ]
    for (const headers of own) {
      expect({ headers, status: (await weather(headers)).status }).toEqual({ headers, status: 303 })
    }
  })

  test("one that listens for other machines is reached by number and by a plain name", async () => {
    const { sandbox, port } = await started("0.0.0.0")
    const health = async (host: string) =>
      (await send("GET", `${sandbox.url}/sandbox/health`, { host })).status
    expect(await health(`10.0.0.7:${port}`)).toBe(200)
    expect(await health(`kobbopay-sandbox:${port}`)).toBe(200)
    expect(await health(`localhost:${port}`)).toBe(200)
    expect(await health(`evil.example:${port}`)).toBe(403)
  })

  test("the wire is asked for its credentials, under whatever name it is called", async () => {
    const { sandbox } = await started()
    const headers = { "x-api-key": "wrong", host: "kobbopay.internal" }
    expect((await send("GET", `${sandbox.url}/v1/payments/x`, headers)).status).toBe(401)
  })
})
