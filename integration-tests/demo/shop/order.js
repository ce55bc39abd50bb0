import { orderOf } from "./api.js"
import { h, show } from "./dom.js"
import { every } from "./payment.js"
import { summary } from "./views.js"

const LOOK_EVERY_MS = 2_000

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

/** An order, kept up to date until it is paid or cancelled. Returns how to leave it. */
export async function orderView(id) {
  let shown = null
  let stop = () => undefined
  const render = (order) => {
    const [title, tone, text] = wordsOf(order)
    if (shown !== title) {
      shown = title
      show(`Order #${order.display_id}`, page(order, title, tone, text))
    }
    if (order.status === "canceled" || order.payment_status === "captured") {
      stop()
    }
  }
  stop = every(LOOK_EVERY_MS, async () => render(await orderOf(id)))
  render(await orderOf(id))
  return stop
}

function page(order, title, tone, text) {
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
    h("section", { class: "card" }, summary(order, "What was ordered")),
  )
}
