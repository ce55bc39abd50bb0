import { INVOICE } from "../support/store-accounts"
import { storeSuite } from "../support/store-suite"

/** The kobbopay module as a merchant's own code meets it. */
storeSuite("the module", (world) => {
  const buy = () =>
    world().shopper.buy({ product: world().store.digital, rail: "usdt-tron", provider: INVOICE })

  test("lists payments, and refuses every write that Medusa generates", async () => {
    const { session } = await buy()
    const { service } = world()
    const kept = () => service.listAndCountKobbopayPayments({ reference: session.reference })
    const before = await kept()
    expect(before).toMatchObject([[{ kobbopay_id: session.kobbopay_id, deleted_at: null }], 1])
    const id = before[0][0]?.id ?? ""
    expect(await service.retrieveKobbopayPayment(id)).toMatchObject({ id, state: "pending" })

    // The type does not have them: a merchant's own code may call them all the same.
    const call = async (write: string, asked: unknown): Promise<void> => {
      const method: unknown = Reflect.get(service, write)
      if (typeof method !== "function") throw new Error(`there is no ${write}`)
      await Reflect.apply(method, service, [asked])
    }
    for (const write of ["delete", "softDelete", "restore"]) {
      await expect(call(`${write}KobbopayPayments`, id)).rejects.toMatchObject({
        type: "not_allowed",
        message: expect.stringMatching(/checkPaymentWorkflow/),
      })
    }
    for (const write of ["update", "create"]) {
      await expect(
        call(`${write}KobbopayPayments`, { id, state: "confirmed" }),
      ).rejects.toMatchObject({ type: "not_allowed" })
    }
    for (const table of ["Exceptions", "Refunds", "Events", "Transitions", "Entitlements"]) {
      await expect(call(`deleteKobbopay${table}`, id)).rejects.toMatchObject({
        type: "not_allowed",
      })
    }
    expect(await kept()).toEqual(before)
  })
})
