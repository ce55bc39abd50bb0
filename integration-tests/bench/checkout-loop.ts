import { writeFile } from "node:fs/promises"
import type { ExecArgs } from "@medusajs/framework/types"
import { Modules } from "@medusajs/framework/utils"
import { brandAs, type Reference } from "../../src/domain/ids"
import { KobbopayProviderService } from "../../src/providers/kobbopay/service"
import { appOf } from "../../src/work/app"
import { KOBBOPAY_PROVIDER } from "../support/seeded-store"

/** Until the code is compiled as in a process that has run for a while. */
const WARM_UP = 200

async function timed<T>(call: () => Promise<T>): Promise<[ms: number, result: T]> {
  const begun = performance.now()
  const result = await call()
  return [performance.now() - begun, result]
}

/* eslint-disable @typescript-eslint/unbound-method -- called with the right `this` below */
/** Makes the provider note how long each of its calls takes, in milliseconds. */
function timeCalls() {
  const { prototype } = KobbopayProviderService
  const { initiatePayment, authorizePayment } = prototype
  const taken = { initiate: NaN, authorize: NaN }
  prototype.initiatePayment = async function (input) {
    const [ms, result] = await timed(() => initiatePayment.call(this, input))
    taken.initiate = ms
    return result
  }
  prototype.authorizePayment = async function (input) {
    const [ms, result] = await timed(() => authorizePayment.call(this, input))
    taken.authorize = ms
    return result
  }
  return taken
}
/* eslint-enable @typescript-eslint/unbound-method */

/**
 * Run by `medusa exec`: makes and authorizes sessions, and writes the milliseconds of the provider's own calls
 * and, in turns with them, of the client's.
 */
export default async function loop({ container, args }: ExecArgs): Promise<void> {
  const [file, times] = args
  if (file === undefined) throw new Error("usage: medusa exec checkout-loop.ts <file> <times>")
  const payments = container.resolve(Modules.PAYMENT)
  const { deps } = appOf(container)
  const [account] = deps.accounts.values()
  const [rail] = account?.account.options.rails ?? []
  if (account === undefined || rail === undefined) throw new Error("the store has no account")
  const taken = timeCalls()
  const initiate = { ours: [] as number[], kobbopay: [] as number[] }
  const authorize = { ours: [] as number[], kobbopay: [] as number[] }

  for (let count = -WARM_UP; count < Number(times); count++) {
    // As autovacuum does within a minute.
    if (count === 0) await deps.sql.raw("ANALYZE")
    const collection = await payments.createPaymentCollections({
      currency_code: "usd",
      amount: 10.5,
    })
    const session = await payments.createPaymentSession(collection.id, {
      provider_id: KOBBOPAY_PROVIDER,
      currency_code: "usd",
      amount: 10.5,
      data: { rail: "usdt-tron" },
    })
    const [create, created] = await timed(() =>
      account.client.create({
        reference: brandAs<Reference>(`bench-${count}`),
        rail,
        amountMinor: 10_500_000n,
      }),
    )
    await payments.authorizePaymentSession(session.id, {})
    const [read] = await timed(() => account.client.read(created.kobbopayId, rail))
    if (count < 0) continue
    initiate.ours.push(taken.initiate)
    initiate.kobbopay.push(create)
    authorize.ours.push(taken.authorize)
    authorize.kobbopay.push(read)
  }
  await writeFile(file, JSON.stringify({ initiate, authorize }))
}
