import { setTimeout as pause } from "node:timers/promises"
import { createClient } from "../../src/kobbopay/client"
import { brandAs, type KobbopayId } from "../../src/domain/ids"
import { parseAccounts } from "../../src/kobbopay/options"

/** One read of a payment with the account options given as JSON, in a process of its own; prints what came of it. */
async function readOnce(options: string | undefined): Promise<void> {
  const [account] = parseAccounts([{ id: "kobbopay", options: JSON.parse(options ?? "") }])
  const rail = account?.options.rails[0]
  if (account === undefined || rail === undefined) throw new Error("no account")
  const sleep = (ms: number) => pause(ms)
  const client = createClient(account, { now: Date.now, random: Math.random, sleep })
  const outcome = await client.read(brandAs<KobbopayId>("pay_1"), rail, { attempts: 1 }).then(
    ({ state }) => state,
    (cause: unknown) => String(cause),
  )
  console.log(outcome)
  process.exit(0)
}

void readOnce(process.argv[2])
