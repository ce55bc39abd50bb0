import { entitlementsOf, orderOf } from "./api.js"
import { h, show } from "./dom.js"
import { downloads } from "./entitlements.js"
import { every } from "./payment.js"
import { summary } from "./views.js"

const POLL_EVERY_MS = 2_000

/** What the shopper reads of an order. */
function wordsOf({ status, payment_status: payment }) {
  if (status === "canceled") {
    return payment === "captured"
      ? ["Cancelled, but money arrived", "bad", "The merchant sees it and will be in touch."]
      : [
          "Cancelled",
          "bad",
          "No money came in time. Nothing was charged, and the stock is free again.",
        ]
  }
  if (payment === "captured") {
    return ["Paid", "", "Kobbopay confirmed the payment. Thank you!"]
  }
  if (payment === "authorized") {
    return ["Money seen", "warn", "The network is still confirming your transfer."]
  }
  return ["Awaiting payment", "warn", "The order is placed and waits for the money."]
}

/**
 * An order, kept up to date until it is paid or cancelled and, with the token of its payment, nothing it
 * entitles to is locked any more. Returns how to leave it.
 */
export async function orderView(id, token) {
  let shown = null
  let stop = () => undefined
  const shelf = downloads()
  const refresh = async () => {
    const order = await orderOf(id)
    const entitlements = token === null ? [] : await entitlementsOf(token)
    const [title, tone, text] = wordsOf(order)
    if (shown !== title) {
      shown = title
      show(`Order #${order.display_id}`, page(order, shelf, title, tone, text))
    }
    shelf.render(entitlements)
    const isSettled = order.status === "canceled" || order.payment_status === "captured"
    if (isSettled && !entitlements.some(({ state }) => state === "held")) {
      stop()
    }
  }
  stop = every(POLL_EVERY_MS, refresh)
  await refresh()
  return stop
}

function page(order, shelf, title, tone, text) {
  return h(
    "div",
    { class: "split" },
    h(
      "section",
      { class: "card" },
      h(
        "p",
        { role: "status" },
        h(
          "span",
          {
            class: `badge ${tone}`,
            "data-status": order.status,
            "data-payment": order.payment_status,
          },
          title,
        ),
      ),
      h("p", {}, text),
      h(
        "p",
        {},
        h(
          "a",
          { href: `/app/orders/${order.id}`, target: "_blank", rel: "noopener" },
          "See it as the merchant does",
        ),
      ),
      h("a", { class: "button plain", href: "/" }, "Buy something else"),
    ),
    h(
      "div",
      { class: "stack" },
      shelf.card,
      h("section", { class: "card" }, summary(order, "What was ordered")),
    ),
  )
}
