import { readCommand, UsageError } from "../command-line"
import { main } from "../main"
import { sandboxFor, send, stopAll } from "./support"

afterEach(stopAll)

async function run(args: string[], env: Record<string, string> = {}) {
  const printed = { out: "", err: "" }
  const result = await main(args, {
    env,
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  })
  return { result, ...printed }
}

function options(args: string[], env: Record<string, string> = {}) {
  const command = readCommand(["sandbox", ...args], env)
  if (command.help) throw new Error("help was not asked for")
  return command.options
}

test("starts, prints addresses and commands to copy, and serves", async () => {
  const { result, out } = await run(["sandbox", "--port", "0"])
  if (typeof result === "number") throw new Error("it did not start")
  expect(out).toContain(`base URL       ${result.url}`)
  expect(out).toContain("sandbox-private-key")
  expect(out).toContain("nowhere yet: --webhook-url")
  expect((await send("GET", `${result.url}/sandbox/health`)).json()).toEqual({ ok: true })
  await result.close()
})

test("credentials given by hand are used and never printed", async () => {
  const given = ["--private-key", "given-private", "--webhook-secret", "given-webhook"]
  const env = { KOBBOPAY_API_KEY: "given-key" }
  const { result, out } = await run(["sandbox", "--port", "0", ...given], env)
  if (typeof result === "number") throw new Error("it did not start")
  await result.close()
  expect(out).not.toMatch(/given-(private|webhook|key)/)
  expect(out).toContain("as given by --private-key")
  expect(out).toContain('"$KOBBOPAY_API_KEY"')
  expect(options(given, env)).toMatchObject({
    credentials: { apiKey: "given-key", privateKey: "given-private" },
    webhook: { secret: { docs: "given-webhook", invoice: "given-webhook" } },
  })
})

test("the environment is read, and a flag wins over it", () => {
  const env = {
    SANDBOX_PORT: "4600",
    KOBBOPAY_PROFILE: "docs",
    KOBBOPAY_WEBHOOK_URL: "http://localhost:9000/hooks/kobbopay",
    KOBBOPAY_WEBHOOK_SECRETS: "current,next",
    SANDBOX_EXPIRE_AFTER: "90",
  }
  expect(options(["--port", "4700"], env)).toMatchObject({
    port: 4700,
    profiles: ["docs"],
    webhook: {
      url: "http://localhost:9000/hooks/kobbopay",
      secret: { docs: "current", invoice: "current" },
    },
    expireAfterMs: 90_000,
  })
})

test("each profile may have a secret of its own", () => {
  const { webhook } = options(["--webhook-secret", "docs=a=b", "--webhook-secret", "invoice=c"])
  expect(webhook.secret).toEqual({ docs: "a=b", invoice: "c" })
})

test.each([
  [[], /the only command is "sandbox"/],
  [["demo"], /"demo": the only command/],
  [["sandbox", "--port", "many"], /--port: "many" is no whole number/],
  [["sandbox", "--profile", "both of them"], /write invoice, docs or both/],
  [["sandbox", "--webhook-url", "localhost:9000"], /write e.g. http/],
  [["sandbox", "--webhook-secret", ""], /the secret is empty/],
  [["sandbox", "--webhook-secret", "a", "--webhook-secret", "b"], /give one, or docs=S/],
  [["sandbox", "--colour", "red"], /Unknown option '--colour'/],
  [["sandbox", "--host", "203.0.113.7", "--port", "0"], /127.0.0.1 always works/],
])("%j is refused with the fix", async (args, fix) => {
  const { result, err } = await run(args)
  expect(result).toBe(1)
  expect(err).toMatch(fix)
  expect(err).toContain("--help")
})

test("a port that is taken is named, with the fix", async () => {
  const { url } = await sandboxFor(null)
  const { port } = new URL(url)
  const { result, err } = await run(["sandbox", "--port", port])
  expect([result, err]).toEqual([1, expect.stringContaining(`port ${port} is taken`)])
})

test("help needs no command", async () => {
  const { result, out } = await run(["--help"])
  expect([result, out]).toEqual([0, expect.stringContaining("--webhook-url URL")])
  expect(() => readCommand(["--help", "--nonsense"], {})).toThrow(UsageError)
})

test("with one profile it prints the lines for a store's .env, and serves that profile alone", async () => {
  const { result, out } = await run(["sandbox", "--port", "0", "--profile", "invoice"])
  if (typeof result === "number") throw new Error("it did not start")
  for (const line of [
    "KOBBOPAY_PROFILE=invoice",
    `KOBBOPAY_BASE_URL=${result.url}`,
    "KOBBOPAY_PUBLIC_ID=sandbox-public-id",
    "KOBBOPAY_PRIVATE_KEY=sandbox-private-key",
    "KOBBOPAY_WEBHOOK_SECRET=sandbox-invoice-webhook-secret",
  ]) {
    expect(out).toContain(`\n  ${line}\n`)
  }
  expect(out).not.toContain("KOBBOPAY_API_KEY=")
  result.control.sendTest()
  expect(result.control.deliveries().map(({ profile }) => profile)).toEqual(["invoice"])
  await result.close()
})
