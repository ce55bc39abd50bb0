import { defineWidgetConfig } from "@medusajs/admin-sdk"
import type { AdminOrder, DetailWidgetProps } from "@medusajs/framework/types"
import { Alert, Button, Skeleton } from "@medusajs/ui"
import { guarded } from "../components/guarded"
import { Frame, PaymentSections } from "../components/order-payments"
import { RefreshProvider } from "../lib/refresh-context"
import { useIsPageBehind, useOrderPayments } from "../lib/use-order-payments"
import { useWords } from "../lib/words"

/** False when Medusa already shows that the order was paid in other ways only. */
const mayBeKobbopay = (order: AdminOrder): boolean => {
  const providers = (order.payment_collections ?? [])
    .flatMap((collection) => collection.payments ?? [])
    .map((payment) => payment.provider_id)
  return providers.length === 0 || providers.some((id) => id.startsWith("pp_kobbopay_"))
}

/** The Kobbopay payments of an order. Orders without any do not show it. */
const Payments = ({ order }: { order: AdminOrder }) => {
  const { t } = useWords()
  const { payments, error, isAsking, refresh } = useOrderPayments(order.id)
  const isBehind = useIsPageBehind(order, payments)
  const again = (
    <Button size="small" variant="secondary" isLoading={isAsking} onClick={() => void refresh()}>
      {t("retry")}
    </Button>
  )
  if (payments !== null) {
    const notice = error !== null && (
      <div className="flex flex-col items-start gap-y-3 px-6 py-4">
        <Alert variant="warning">{t("outdated")}</Alert>
        {again}
      </div>
    )
    return (
      <RefreshProvider value={refresh}>
        <PaymentSections
          payments={payments}
          orderCanceled={order.status === "canceled"}
          notice={
            <>
              {notice}
              {isBehind && <Behind />}
            </>
          }
        />
      </RefreshProvider>
    )
  }
  if (!mayBeKobbopay(order)) return null
  return (
    <Frame>
      {error === null ? (
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

/** Says that Medusa's parts of the page still show the order as it was. */
const Behind = () => {
  const { t } = useWords()
  return (
    <div role="status" className="flex flex-col items-start gap-y-3 px-6 py-4">
      <Alert variant="info">{t("behind")}</Alert>
      <Button size="small" variant="secondary" onClick={() => window.location.reload()}>
        {t("reload")}
      </Button>
    </div>
  )
}

/** On an order's page. Another order starts from nothing. */
const OrderKobbopay = ({ data: order }: DetailWidgetProps<AdminOrder>) => (
  <Payments key={order.id} order={order} />
)

export const config = defineWidgetConfig({
  id: "kobbopay-order-payments",
  zone: "order.details.side.before",
})

export default guarded(OrderKobbopay)
