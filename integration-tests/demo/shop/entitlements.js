import { h } from "./dom.js"

const WORDS = {
  held: ["Locked", "warn", "It opens when your payment is confirmed."],
  released: ["Unlocked", "", "It is yours: this is where the shop would let you download it."],
  revoked: ["Taken back", "bad", "The order was cancelled, or refunded."],
}

/** A card with what the order entitles to, locked or not; hidden while there is nothing. */
export function downloads() {
  const card = h("section", { class: "card", "aria-label": "Downloads", hidden: true })
  let shown = null
  const render = (entitlements) => {
    const facts = JSON.stringify(entitlements)
    if (shown === facts) return
    shown = facts
    card.hidden = entitlements.length === 0
    card.replaceChildren(h("h2", {}, "Downloads"), ...entitlements.map(entry))
  }
  return { card, render }
}

function entry({ title, state, quantity }) {
  const [name, tone, text] = WORDS[state]
  return h(
    "div",
    { role: "status" },
    h(
      "p",
      {},
      `${quantity} × ${title} `,
      h("span", { class: `badge ${tone}`, "data-entitlement": state }, name),
    ),
    h("p", { class: "quiet small" }, text),
  )
}
