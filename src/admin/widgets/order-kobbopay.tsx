import { defineWidgetConfig } from "@medusajs/admin-sdk"
import type { AdminOrder, DetailWidgetProps } from "@medusajs/framework/types"
import { Alert, Button, Skeleton } from "@medusajs/ui"
import { Frame, OrderPayments } from "../components/order-payments"
import { useOrderPayments } from "../lib/use-order-payments"
import { useWords } from "../lib/words"

/** False when Medusa already shows that the order was paid in other ways only. */
const mayBeKobbopay = (order: AdminOrder): boolean => {
  const providers = (order.payment_collections ?? [])
    .flatMap((collection) => collection.payments ?? [])
    .map((payment) => payment.provider_id)
  return providers.length === 0 || providers.some((id) => id.startsWith("pp_kobbopay_"))
}

/** On an order's page: its Kobbopay payments. Orders without any do not show it. */
const OrderKobbopay = ({ data: order }: DetailWidgetProps<AdminOrder>) => {
  const { t } = useWords()
  const { data: payments, isPending, isError, refetch, isFetching } = useOrderPayments(order.id)
  const again = (
    <Button size="small" variant="secondary" isLoading={isFetching} onClick={() => void refetch()}>
      {t("retry")}
    </Button>
  )
  if (payments !== undefined) {
    const notice = isError && (
      <div className="flex flex-col items-start gap-y-3 px-6 py-4">
        <Alert variant="warning">{t("outdated")}</Alert>
        {again}
      </div>
    )
    return (
      <OrderPayments
        payments={payments}
        orderCanceled={order.status === "canceled"}
        notice={notice}
      />
    )
  }
  if (!mayBeKobbopay(order)) return null
  return (
    <Frame>
      {isPending ? (
        <div role="status" aria-label={t("loading")} className="flex flex-col gap-y-3 px-6 py-4">
          <Skeleton className="h-5 w-2/3" />
          <Skeleton className="h-5 w-full" />
          <Skeleton className="h-5 w-1/2" />
        </div>
      ) : (
        <div role="alert" className="flex flex-col items-start gap-y-3 px-6 py-4">
          <Alert variant="error">{t("unavailable")}</Alert>
          {again}
        </div>
      )}
    </Frame>
  )
}

export const config = defineWidgetConfig({
  id: "kobbopay-order-payments",
  zone: "order.details.side.before",
})

export default OrderKobbopay
