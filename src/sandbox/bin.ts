#!/usr/bin/env node
import { main } from "./main"

const write = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(text)

async function run(): Promise<void> {
  const result = await main(process.argv.slice(2), {
    env: process.env,
    out: write(process.stdout),
    err: write(process.stderr),
  })
  if (typeof result === "number") {
    process.exitCode = result
    return
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void result.close())
  }
}

void run()
