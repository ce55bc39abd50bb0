import { sandbox } from "./api.js"
import { h, show } from "./dom.js"
import { orderView } from "./order.js"
import { paymentView } from "./payment.js"
import { checkoutView, shopView } from "./views.js"

document.getElementById("sandbox-link").href = sandbox

let leave = () => undefined

/** The address says what is shown, so that a reload or a bookmark shows it again. */
async function open() {
  leave()
  leave = () => undefined
  const at = new URLSearchParams(location.search)
  try {
    if (at.has("pay")) {
      leave = await paymentView(at.get("pay"), at.get("order"), go)
    } else if (at.has("order")) {
      leave = await orderView(at.get("order"), at.get("token"))
    } else if (at.has("cart")) {
      await checkoutView(at.get("cart"), go)
    } else {
      await shopView(go)
    }
  } catch (error) {
    show(
      "That did not work",
      h("p", { class: "notice bad", role: "alert" }, error.message),
      h("a", { class: "button", href: "/" }, "Back to the shop"),
    )
  }
}

/** `forward` replaces the view that has nothing more to show, so that Back does not lead to it. */
function go(place, { forward = false } = {}) {
  const given = Object.entries(place).filter(([, value]) => value !== null)
  const address = `/?${new URLSearchParams(given)}`
  history[forward ? "replaceState" : "pushState"](null, "", address)
  void open()
}

addEventListener("popstate", () => void open())
void open()
