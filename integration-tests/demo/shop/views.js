import { cartOf, placeOrder, products, rails, startCart } from "./api.js"
import { act, art, h, money, show } from "./dom.js"

/** What there is to buy. */
export async function shopView(go) {
  const shelf = (await products()).map((product) => {
    const [variant] = product.variants
    const { calculated_amount: amount, currency_code: currency } = variant.calculated_price
    const buy = h(
      "button",
      {
        type: "button",
        class: "button",
        "aria-label": `Buy ${product.title}`,
        onclick: () => act(buy, async () => go({ cart: await startCart(variant.id) })),
      },
      "Buy",
    )
    return h(
      "article",
      { class: "card product" },
      art(product.handle),
      h("h2", {}, product.title),
      h("p", { class: "quiet" }, product.description),
      h(
        "div",
        { class: "row" },
        h(
          "div",
          {},
          h("div", { class: "price" }, money(amount, currency)),
          h("div", { class: "quiet small" }, `${variant.inventory_quantity} in stock`),
        ),
        buy,
      ),
    )
  })
  show(
    "Buy something with crypto",
    h(
      "p",
      { class: "quiet" },
      "Pick one, place the order, then play the payer in the sandbox and watch the order follow.",
    ),
    h("div", { class: "shelf" }, shelf),
  )
}

/** The cart, and the choice of a rail. */
export async function checkoutView(cartId, go) {
  const [cart, choices] = await Promise.all([cartOf(cartId), rails(cartId)])
  const form = h("form", { class: "card" })
  const place = h(
    "button",
    { class: "button wide" },
    `Place order · ${money(cart.total, cart.currency_code)}`,
  )
  form.append(
    h(
      "fieldset",
      {},
      h("legend", {}, "Pay with crypto, through Kobbopay"),
      choices.map((rail, index) => railChoice(rail, index === 0)),
    ),
    place,
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const rail = new FormData(form).get("rail")
    void act(place, async () => {
      const { token, orderId } = await placeOrder(cartId, rail)
      go({ pay: token, order: orderId })
    })
  })
  show(
    "Checkout",
    h("p", { class: "quiet" }, "Sam Shopper, 12 Main Street, Portland: already filled in for you."),
    h("div", { class: "split" }, form, h("section", { class: "card" }, summary(cart, "Your cart"))),
  )
}

function railChoice(rail, first) {
  return h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "rail", value: rail.id, required: true, checked: first }),
    h("strong", {}, rail.label),
  )
}

/** The lines and totals of a cart or an order. */
export function summary(sale, title) {
  const line = (name, amount, total = "") => [
    h("dt", { class: total }, name),
    h("dd", { class: total }, money(amount, sale.currency_code)),
  ]
  return [
    h("h2", {}, title),
    h(
      "dl",
      { class: "sum" },
      sale.items.map((item) =>
        line(
          `${item.quantity} × ${item.product_title ?? item.title}`,
          item.unit_price * item.quantity,
        ),
      ),
      sale.shipping_total > 0 ? line("Shipping", sale.shipping_total) : null,
      line("Total", sale.total, "total"),
    ),
  ]
}
