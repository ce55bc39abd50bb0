import { relative } from "node:path"
import { Started } from "../support/started"
import { ADMIN } from "./admin"
import { runScript } from "./scripted"
import { HELP, readSettings, type Settings } from "./settings"
import { type Stack, startStack } from "./stack"

const seconds = () => performance.now() / 1_000
const tell = (line: string) => console.log(`[${seconds().toFixed(1).padStart(5)} s] ${line}`)

/** Runs the demo; resolves with the exit code once everything that was started has ended. */
async function main(): Promise<number> {
  const started = new Started()
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => resolve("interrupted"))
    }
  })
  try {
    const settings = readSettings(process.argv.slice(2), process.env)
    if (settings === null) {
      console.log(HELP)
      return 0
    }
    return await Promise.race([
      run(settings, started),
      interrupted.then(async () => {
        console.log("\nStopping…")
        await started.stop()
        return settings.scripted ? 130 : 0
      }),
    ])
  } catch (error) {
    await started.stop()
    console.error(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

async function run(settings: Settings, started: Started): Promise<number> {
  console.log(`Kobbopay demo. \`npm run demo -- --help\` lists what can be set.\n`)
  const stack = await startStack(settings, started, tell)
  if (!settings.scripted) {
    welcome(stack)
    throw await stack.failed
  }
  const failed = stack.failed.then((error) => Promise.reject(error))
  const result = await Promise.race([runScript(stack, tell), failed])
  await started.stop()
  console.log(JSON.stringify({ ...result, seconds: Number(seconds().toFixed(1)) }))
  return 0
}

function welcome({ shop, sandbox, webhookUrl, store, logFile }: Stack): void {
  const admin = `${shop}/app`
  console.log(`
  Shop       ${shop}/
  Admin      ${admin}   ${ADMIN.email} / ${ADMIN.password}
  Sandbox    ${sandbox}/   be the payer: pay, confirm, pay too little, let it expire, bad weather
  Webhooks   ${webhookUrl}
  Log        ${relative(process.cwd(), logFile)}

Buy something in the shop. Ctrl-C stops everything.
`)
  const { publishableKey } = store
  console.log(`ready ${JSON.stringify({ shop, admin, sandbox, webhookUrl, publishableKey })}`)
}

void main().then((code) => process.exit(code))
