import { writeFile } from "node:fs/promises"
import type { ExecArgs } from "@medusajs/framework/types"
import { Modules } from "@medusajs/framework/utils"
import { brandAs, type Reference } from "../../src/kobbopay/ids"
import { depsOf, kobbopay } from "../../src/work/worker-of"
import { KOBBOPAY_PROVIDER } from "../support/seeded-store"

const PLAIN = "pp_plain_plain"
const WARM_UP = 10

async function timed<T>(call: () => Promise<T>): Promise<[ms: number, result: T]> {
  const begun = performance.now()
  const result = await call()
  return [performance.now() - begun, result]
}

/** Run by `medusa exec`: makes and authorizes sessions of both providers in turns, and writes the milliseconds of each. */
export default async function loop({ container, args }: ExecArgs): Promise<void> {
  const [file, times] = args
  if (file === undefined) throw new Error("usage: medusa exec checkout-loop.ts <file> <times>")
  const payments = container.resolve(Modules.PAYMENT)
  const [account] = depsOf(kobbopay()).accounts.values()
  const [rail] = account?.account.options.rails ?? []
  if (account === undefined || rail === undefined) throw new Error("the store has no account")
  const initiate = { ours: [] as number[], plain: [] as number[], kobbopay: [] as number[] }
  const authorize = { ours: [] as number[], plain: [] as number[], kobbopay: [] as number[] }

  const session = async (provider: string) => {
    const collection = await payments.createPaymentCollections({
      ...{ currency_code: "usd", amount: 10.5 },
    })
    return payments.createPaymentSession(collection.id, {
      ...{ provider_id: provider, currency_code: "usd", amount: 10.5, data: { rail: "usdt-tron" } },
    })
  }
  for (let count = -WARM_UP; count < Number(times); count++) {
    const [ours, made] = await timed(() => session(KOBBOPAY_PROVIDER))
    const [plain, bare] = await timed(() => session(PLAIN))
    const [create, created] = await timed(() =>
      account.client.create({
        reference: brandAs<Reference>(`bench-${count}`),
        ...{ rail, amountMinor: 10_500_000n },
      }),
    )
    const pending = (id: string) => payments.authorizePaymentSession(id, {})
    const [oursAuthorized] = await timed(() => pending(made.id))
    const [plainAuthorized] = await timed(() => pending(bare.id))
    const [read] = await timed(() => account.client.read(created.kobbopayId, rail))
    if (count < 0) continue
    initiate.ours.push(ours)
    initiate.plain.push(plain)
    initiate.kobbopay.push(create)
    authorize.ours.push(oursAuthorized)
    authorize.plain.push(plainAuthorized)
    authorize.kobbopay.push(read)
  }
  await writeFile(file, JSON.stringify({ initiate, authorize }))
}
