import { entitlementsOf, orderOf, payerPage, paymentOf } from "./api.js"
import { copyable, h, show } from "./dom.js"
import { downloads } from "./entitlements.js"
import { summary } from "./views.js"

const POLL_EVERY_MS = 2_000

/** What each state means to the payer. */
const WORDS = {
  creating: "Asking Kobbopay for an address…",
  pending: "Waiting for your transfer",
  partial: "A part of it has arrived",
  paid: "Your transfer was seen; the network is confirming it",
  confirmed: "Your payment is confirmed",
  expired: "The time for this payment is over",
  failed: "The payment failed",
}
/** Something may still come in these; the others are the end of a payment. */
const OPEN = ["creating", "pending", "partial", "paid"]

/** The way of a payment, and how many of its steps are behind it in each state. */
const STEPS = ["Your transfer", "Seen on the network", "Confirmed"]
const BEHIND = { paid: 2, confirmed: 3 }

/** The payer's view: amount, address, QR, countdown and live status, until the payment has ended. Returns how to leave it. */
export async function paymentView(token, orderId, go) {
  const first = await paymentOf(token)
  const order = orderId === null ? null : await orderOf(orderId)
  const status = h("div", { role: "status" })
  const steps = h("ol", { class: "steps" })
  const clock = h("span", { class: "clock", role: "timer" })
  const countdown = h("p", {}, "Time left: ", clock)
  const shelf = downloads()
  const howToPay = h("section", { class: "card", "aria-label": "How to pay" }, instructions(first))

  show(
    "Pay for your order",
    h(
      "div",
      { class: "split" },
      h("div", { class: "stack" }, howToPay, h("section", { class: "card" }, sandboxHint(first))),
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card", "aria-label": "Status" }, status, steps, countdown),
        shelf.card,
        order === null
          ? null
          : h("section", { class: "card" }, summary(order, `Order #${order.display_id}`)),
      ),
    ),
  )

  let shown = null
  const render = (payment) => {
    // Once the money is there, or the time is over, nobody should be invited to send more.
    howToPay.hidden = payment.ended || !["pending", "partial"].includes(payment.state)
    const number = payment.order?.display_id ?? null
    const facts = `${payment.state} ${payment.amount_received} ${payment.ended} ${number}`
    if (shown !== facts) {
      shown = facts
      status.replaceChildren(...statusOf(payment))
      steps.replaceChildren(...stepsOf(payment))
    }
    countdown.hidden = payment.ended || !["creating", "pending", "partial"].includes(payment.state)
    if (!OPEN.includes(payment.state) && orderId !== null) {
      go({ order: orderId, token }, { forward: true })
    }
  }
  render(first)
  shelf.render(await entitlementsOf(token))
  return every(
    POLL_EVERY_MS,
    async () => {
      render(await paymentOf(token))
      shelf.render(await entitlementsOf(token))
    },
    () => {
      clock.textContent = timeLeft(first.expires_at)
    },
  )
}

function instructions({ amount, asset, label, address, memo }) {
  const field = (name, value, big) =>
    h("div", { class: "field" }, h("dt", {}, name), h("dd", {}, copyable(value, name, big)))
  return [
    h(
      "p",
      { class: "notice warn" },
      h("strong", {}, `Send ${label} and nothing else.`),
      " Another coin, or the same one over another network, may be lost.",
    ),
    h(
      "div",
      { class: "pay" },
      h(
        "dl",
        {},
        field(`Amount in ${asset}`, amount, true),
        field("Address", address),
        memo ? field("Memo (required)", memo) : null,
      ),
      h("img", {
        class: "qr",
        src: `/shop/qr.svg?text=${encodeURIComponent(address)}`,
        alt: "QR code of the address",
      }),
    ),
  ]
}

function sandboxHint(payment) {
  return [
    h("h2", {}, "This is a demo: you are the payer"),
    h(
      "p",
      { class: "quiet small" },
      "The sandbox stands in for the blockchain. Pay there, confirm, pay too little, or let it expire; then look back here.",
    ),
    payment.kobbopay_id
      ? h(
          "a",
          {
            class: "button",
            id: "open-sandbox",
            href: payerPage(payment),
            target: "_blank",
            rel: "noopener",
          },
          "Open the sandbox",
        )
      : null,
  ]
}

function statusOf({ state, ended, amount, amount_received: received, asset, order }) {
  if (ended && state === "pending") {
    return [h("p", { class: "notice bad", "data-state": "ended" }, WORDS.expired)]
  }
  const tone = { partial: "warn", expired: "bad", failed: "bad" }[state] ?? ""
  const rest =
    state === "partial"
      ? ` (${received} of ${amount} ${asset}): send the rest to the same address`
      : ""
  const words = h(
    "p",
    { class: `notice ${tone}`, "data-state": state },
    (WORDS[state] ?? state) + rest,
  )
  // The status names an order by its number alone: its page is for the browser that placed it.
  return order === null
    ? [words]
    : [words, h("p", {}, `Your order has the number ${order.display_id}.`)]
}

function stepsOf({ state }) {
  const behind = BEHIND[state] ?? 0
  return STEPS.map((name, index) => {
    const current = index === behind && OPEN.includes(state)
    return h(
      "li",
      {
        class: index < behind ? "done" : current ? "now" : "",
        "aria-current": current ? "step" : null,
      },
      name,
    )
  })
}

function timeLeft(expiresAt) {
  const seconds = Math.max(0, Math.ceil((Date.parse(expiresAt) - Date.now()) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** Repeats the check (one that fails is simply made again), and the tick each quarter second. Returns how to stop. */
export function every(everyMs, refresh, tick = () => undefined) {
  let stopped = false
  const repeat = async () => {
    await refresh().catch(() => undefined)
    if (!stopped) {
      setTimeout(repeat, everyMs)
    }
  }
  tick()
  const ticking = setInterval(tick, 250)
  setTimeout(repeat, everyMs)
  return () => {
    stopped = true
    clearInterval(ticking)
  }
}
