/** An element: attributes, `on…` handlers, and children (text, elements, lists of them; null is left out). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value)
    } else if (value !== null && value !== false) {
      element.setAttribute(name, value === true ? "" : value)
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null))
  return element
}

/** "$10.50" of 10.5 and "usd". */
export const money = (amount, currency) =>
  new Intl.NumberFormat("en", { style: "currency", currency }).format(amount)

/** The drawing of a product, by its handle. */
export function art(handle) {
  const template = document.getElementById(`art-${handle}`)
  return h("div", { class: "art" }, template ? template.content.cloneNode(true) : "")
}

/** Something to copy: the value, and a button that copies it and says so. */
export function copyable(value, label, big = false) {
  const button = h(
    "button",
    {
      type: "button",
      class: "button plain slim",
      "aria-label": `Copy the ${label}`,
      onclick: async () => {
        await navigator.clipboard.writeText(value)
        button.textContent = "Copied"
        setTimeout(() => (button.textContent = "Copy"), 1500)
      },
    },
    "Copy",
  )
  return [h("span", { class: big ? "value big" : "value" }, value), button]
}

/** Runs an action from a button: disabled meanwhile, and a failure is shown beside it. */
export async function act(button, action) {
  button.disabled = true
  button.parentElement.querySelector(".notice.bad")?.remove()
  try {
    await action()
  } catch (error) {
    button.before(h("p", { class: "notice bad", role: "alert" }, error.message))
    button.disabled = false
  }
}

/** Shows a view, and tells a screen reader that there is a new one. */
export function show(title, ...content) {
  const heading = h("h1", { tabindex: "-1" }, title)
  document.getElementById("main").replaceChildren(heading, ...content)
  document.title = `${title} · Kobbopay demo shop`
  heading.focus({ preventScroll: true })
  window.scrollTo(0, 0)
}
