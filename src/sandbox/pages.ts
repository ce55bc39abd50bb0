import type { SandboxControl } from "./control"
import { html, type Html, NOTHING, page } from "./html"
import type { PaymentView } from "./views"
import type { Delivery } from "./webhooks"
import { FAIR } from "./weather"

/** How many rows the front page shows of a list. */
const ROWS = 50

/** The time of day of an ISO timestamp, to the second. */
const timeOf = (iso: string): string => iso.slice(11, 19)

const pathOf = (id: string): string => `/pay/${encodeURIComponent(id)}`

/** The front page: payments, weather, webhooks. */
export function indexPage(control: SandboxControl): string {
  const payments = control.payments().reverse()
  const { url } = control.webhook()
  return page(
    "Payments",
    html`<section>
        <h2>Payments (${payments.length})</h2>
        ${payments.length > 0 ? paymentTable(payments.slice(0, ROWS)) : html`<p class="quiet">None yet: let the shop create one.</p>`}
      </section>
      ${weatherSection(control)}
      <section>
        <h2>Webhooks</h2>
        <p>
          ${url === null ? "No URL is set: events are recorded, not sent." : html`Sent to <span class="code">${url}</span>`}
        </p>
        <form method="post" action="/sandbox/webhook/test">
          <input type="hidden" name="back" value="/" />
          <button>Send a test event</button>
        </form>
        <div class="row"></div>
        ${deliveryTable(control.deliveries().reverse().slice(0, ROWS), "/")}
      </section>`,
  )
}

/** The payer's page. `prefilled` is the amount from the page's URL, for payments without one. */
export function payPage(control: SandboxControl, idOrReference: string, prefilled: string): string {
  const payment = control.payment(idOrReference)
  return page(
    `Pay with ${payment.asset} on ${payment.network}`,
    html`<section>
        <h2>Payment</h2>
        ${facts(payment)}
      </section>
      <section>
        <h2>Be the payer</h2>
        ${actions(payment, payment.amount ?? prefilled)}
      </section>
      ${
        payment.transfers.length > 0
          ? html`<section>
              <h2>Transfers</h2>
              ${transferTable(payment)}
            </section>`
          : NOTHING
      }
      <section>
        <h2>Webhooks</h2>
        ${deliveryTable(control.deliveries(payment.id).reverse(), pathOf(payment.id))}
        <p><a href="${pathOf(payment.id)}">Refresh</a></p>
      </section>`,
  )
}

/** A page that says what went wrong. */
export const errorPage = (message: string): string =>
  page(
    "That did not work",
    html`<section>
      <p role="alert">${message}</p>
      <p><a href="/">All payments</a></p>
    </section>`,
  )

function facts(payment: PaymentView): Html {
  return html`<dl>
    <dt>State</dt>
    <dd><span class="state ${payment.status}" role="status">${payment.status}</span></dd>
    <dt>Amount</dt>
    <dd>
      ${payment.amount === null ? "not said by the shop" : `${payment.amount} ${payment.asset}`}
    </dd>
    <dt>Received</dt>
    <dd>${receivedText(payment)}</dd>
    <dt>Address</dt>
    <dd class="code">${payment.address}</dd>
    ${
      payment.memo === null
        ? NOTHING
        : html`<dt>Memo</dt>
            <dd class="code">${payment.memo}</dd>`
    }
    <dt>Token</dt>
    <dd>${payment.token}</dd>
    <dt>Reference</dt>
    <dd class="code">${payment.reference}</dd>
    <dt>Id</dt>
    <dd class="code">${payment.id} (${payment.profile})</dd>
    ${
      payment.expires_at === null
        ? NOTHING
        : html`<dt>Expires</dt>
            <dd>${payment.expires_at}</dd>`
    }
  </dl>`
}

function receivedText({ received_by_token: received }: PaymentView): string {
  const sums = Object.entries(received).map(([token, amount]) => `${amount} ${token}`)
  return sums.length > 0 ? sums.join(" and ") : "nothing yet"
}

const MOVES_NOTHING = new Set(["confirm", "expire", "fail"])

function actions(payment: PaymentView, due: string): Html {
  // What moves no money needs no amount, so the browser shall not ask for one.
  const button = (action: string, label: string, kind = ""): Html =>
    html`<button
      class="${kind}"
      ${MOVES_NOTHING.has(action) ? "formnovalidate" : ""}
      formaction="/sandbox/payments/${encodeURIComponent(payment.id)}/${action}"
    >
      ${label}
    </button>`
  return html`<form method="post">
    <input type="hidden" name="back" value="${pathOf(payment.id)}" />
    ${
      due === ""
        ? html`<p>
            The shop does not tell Kobbopay the amount in this profile: write what its page asks
            for.
          </p>`
        : NOTHING
    }
    <div class="row">
      <label
        >Amount due
        <input name="due" inputmode="decimal" size="12" required value="${due}" autocomplete="off"
      /></label>
      <span>${payment.asset}</span>
      <label><input type="checkbox" name="confirm" /> confirm at once</label>
    </div>
    <div class="row">${[button("pay", "Pay", "main"), button("confirm", "Confirm", "main")]}</div>
    <div class="row">
      ${[
        button("underpay", "Pay too little"),
        button("overpay", "Pay too much"),
        button("pay-late", "Pay too late"),
        button("pay-other-token", "Pay on another network"),
        button("expire", "Let it expire"),
        button("fail", "Let it fail"),
      ]}
    </div>
  </form>`
}

function paymentTable(payments: readonly PaymentView[]): Html {
  const rows = payments.map(
    (payment) =>
      html`<tr>
        <td><a class="code" href="${pathOf(payment.id)}">${payment.id}</a></td>
        <td><span class="${payment.status}">${payment.status}</span></td>
        <td>${payment.amount ?? "–"}</td>
        <td>${receivedText(payment)}</td>
        <td>${payment.token}</td>
        <td class="code">${payment.reference}</td>
      </tr>`,
  )
  return table(["Payment", "State", "Amount", "Received", "Token", "Reference"], rows)
}

function transferTable(payment: PaymentView): Html {
  const rows = payment.transfers.map(
    ({ amount, token, confirmed, hash, at }) =>
      html`<tr>
        <td>${amount} ${token}</td>
        <td>${confirmed ? "final" : "seen"}</td>
        <td>${timeOf(at)}</td>
        <td class="code">${hash}</td>
      </tr>`,
  )
  return table(["Amount", "State", "At (UTC)", "Hash"], rows)
}

function deliveryTable(deliveries: readonly Delivery[], back: string): Html {
  if (deliveries.length === 0) return html`<p class="quiet">None yet.</p>`
  const rows = deliveries.map(
    (delivery) =>
      html`<tr>
        <td>${delivery.event}</td>
        <td><span class="${delivery.outcome}">${delivery.outcome}</span> ${delivery.status}</td>
        <td>
          <form method="post" action="/sandbox/deliveries/${delivery.id}/redeliver">
            <input type="hidden" name="back" value="${back}" />
            <button
              class="small"
              aria-label="Send ${delivery.event} of ${delivery.payment_id} again"
            >
              Send again
            </button>
          </form>
        </td>
        <td>${delivery.try}</td>
        <td>${timeOf(delivery.at)}</td>
        <td>${delivery.faults.join(", ").replaceAll("_", " ")}</td>
      </tr>`,
  )
  return table(["Event", "Outcome", "Again", "Try", "At (UTC)", "Made wrong"], rows)
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function weatherSection(control: SandboxControl): Html {
  const fair = new Map(Object.entries(FAIR))
  const bad = Object.entries(control.weather()).filter(
    ([kind, setting]) => JSON.stringify(setting) !== JSON.stringify(fair.get(kind)),
  )
  const lines = bad.map(([kind, setting]) => `${kind}: ${JSON.stringify(setting)}`).join("\n")
  return html`<section>
    <h2>Weather</h2>
    ${bad.length > 0 ? html`<pre class="code">${lines}</pre>` : html`<p>Fair: nothing goes wrong.</p>`}
    <form method="post" action="/sandbox/weather" class="row">
      <button name="preset" value="fair">Fair weather</button>
      <button name="preset" value="storm">A bit of everything</button>
    </form>
    <form method="post" action="/sandbox/weather" class="row">
      <label
        >Change
        <select name="kind">
          ${[...fair.keys()].map((kind) => html`<option>${kind}</option>`)}
        </select></label
      >
      <label
        >to
        <input
          name="value"
          required
          size="18"
          placeholder='true, 0.3, {"count": 2}'
          autocomplete="off"
      /></label>
      <button>Set</button>
    </form>
  </section>`
}
