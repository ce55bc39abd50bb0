import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import type { RemoteQueryFunction } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { brandAs, type CollectionId, type OrderId } from "../../../../../domain/ids"
import { runtime } from "../../../../../runtime"
import { historyOfOrder } from "../../../../../store/history"
import { idColumn } from "../../../../../store/payment"
import type { OrderPayments } from "../../../../../types/order-payments"
import { appOf } from "../../../../../work/app"
import { actorsOf, merchantView } from "./merchant-view"

type Query = Omit<RemoteQueryFunction, symbol>

const ordersShape = z.array(
  z.object({
    status: z.string(),
    payment_collections: z
      .array(
        z.object({ id: idColumn<CollectionId>(), raw_amount: z.object({ value: z.string() }) }),
      )
      .nullish(),
  }),
)
const usersShape = z.array(
  z.object({
    id: z.string(),
    email: z.string(),
    first_name: z.string().nullish(),
    last_name: z.string().nullish(),
  }),
)

/** The Kobbopay payments of an order, with all that happened to them, for its merchant. */
export async function GET(req: MedusaRequest, res: MedusaResponse<OrderPayments>): Promise<void> {
  const { sql, accounts } = appOf(req.scope)
  const id = brandAs<OrderId>(req.params["id"] ?? "")
  const query = req.scope.resolve(ContainerRegistrationKeys.QUERY)
  const { data } = await query.graph({
    entity: "order",
    fields: ["status", "payment_collections.id", "payment_collections.raw_amount"],
    filters: { id },
  })
  const [order] = ordersShape.parse(data)
  const asks = new Map(
    (order?.payment_collections ?? []).map((one) => [one.id, one.raw_amount.value] as const),
  )
  const histories = await historyOfOrder(sql, id, [...asks.keys()])
  const surroundings = {
    isCancelled: order?.status === "canceled",
    asks,
    names: await namesOf(query, actorsOf(histories)),
    rails: new Map(accounts.map((account) => [account.id, account.options.rails])),
  }
  const now = runtime.now()
  res.setHeader("cache-control", "no-store")
  res.json({ payments: histories.map((history) => merchantView(history, surroundings, now)) })
}

/** What users are called: their name, or their e-mail. Whoever is no user is not among them. */
async function namesOf(query: Query, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const { data } = await query.graph({
    entity: "user",
    fields: ["id", "email", "first_name", "last_name"],
    filters: { id: ids },
  })
  return new Map(
    usersShape.parse(data).map(({ id, email, first_name, last_name }) => {
      const name = [first_name, last_name].filter(Boolean).join(" ")
      return [id, name === "" ? email : name]
    }),
  )
}
