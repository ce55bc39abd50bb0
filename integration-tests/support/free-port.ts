import { once } from "node:events"
import { createServer } from "node:net"

/** A port of this machine that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "localhost")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  await once(probe, "close")
  if (address === null || typeof address === "string") {
    throw new Error("the system named no free port")
  }
  return address.port
}
