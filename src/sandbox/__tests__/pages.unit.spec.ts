import { createHash } from "node:crypto"

import { docsCreate, invoiceCreate, receiver, sandboxFor, send, stopAll } from "./support"

afterEach(stopAll)

const FORM = { "content-type": "application/x-www-form-urlencoded" }

test("the payer page shows a payment and pays it without a script", async () => {
  const shop = await receiver()
  const sandbox = await sandboxFor(shop.url)
  const { url, control } = sandbox
  await docsCreate(sandbox, "order_1")
  const { id, address } = control.payment("order_1")
  const before = await send("GET", `${url}/pay/${id}`)
  expect(before.text).toContain(address)
  expect(before.text).toContain('value="10.50"')
  expect(before.text).not.toContain("<script")
  const fields = `back=%2Fpay%2F${id}&due=10.50&confirm=on`
  const paid = await send("POST", `${url}/sandbox/payments/${id}/pay`, FORM, fields)
  expect([paid.status, paid.headers["location"]]).toEqual([303, `/pay/${id}`])
  await control.quiet()
  const after = (await send("GET", `${url}/pay/${id}`)).text
  expect(after).toContain("Confirmed")
  expect(after).toContain("10.5 USDTTRC")
  expect(after).toContain("payment.confirmed")
})

test("an invoice takes its amount from the page's address, and remembers it", async () => {
  const sandbox = await sandboxFor(null)
  await invoiceCreate(sandbox, "order_1")
  const { id } = sandbox.control.payment("order_1")
  const page = await send("GET", `${sandbox.url}/pay/${id}?amount=7.5`)
  expect(page.text).toContain('value="7.5"')
  await send("POST", `${sandbox.url}/sandbox/payments/${id}/underpay`, FORM, `due=7.5`)
  expect(sandbox.control.payment(id)).toMatchObject({ amount: "7.5", received: "3.75" })
})

test("what comes from outside never becomes markup", async () => {
  const sandbox = await sandboxFor(null)
  const nasty = `"><script>alert('x')</script>&`
  await docsCreate(sandbox, nasty)
  const { id } = sandbox.control.payment(nasty)
  const hostile = encodeURIComponent(nasty)
  for (const path of ["/", `/pay/${id}?amount=${hostile}`, `/pay/${hostile}x`]) {
    const page = await send("GET", sandbox.url + path)
    expect(page.text).not.toContain("<script")
    expect(page.text).toContain("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;")
  }
})

test("the pages allow no script, and the style they carry", async () => {
  const sandbox = await sandboxFor(null)
  const page = await send("GET", sandbox.url)
  const style = /<style>(.*)<\/style>/s.exec(page.text)?.[1] ?? ""
  const hash = createHash("sha256").update(style).digest("base64")
  const policy = String(page.headers["content-security-policy"])
  expect(policy).toContain(`style-src 'sha256-${hash}'`)
  expect(policy).toContain("default-src 'none'")
})

test("weather is changed from the front page, and shown there", async () => {
  const { url, control } = await sandboxFor(null)
  const set = (fields: string) => send("POST", `${url}/sandbox/weather`, FORM, fields)
  expect((await send("GET", url)).text).toContain("nothing goes wrong")
  expect((await set("preset=storm")).status).toBe(303)
  expect(control.weather().lostAnswer.probability).toBe(0.1)
  await set("preset=fair")
  await set(`kind=drop&value=${encodeURIComponent('{"count":2}')}`)
  expect((await send("GET", url)).text).toContain("drop: {&quot;probability&quot;:1")
})

test("an error of a form is a page in words", async () => {
  const sandbox = await sandboxFor(null)
  await invoiceCreate(sandbox, "order_1")
  const path = `${sandbox.url}/sandbox/payments/order_1/pay`
  const answer = await send("POST", path, FORM, "back=%2F")
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("amount: required")])
  const weather = await send(
    "POST",
    `${sandbox.url}/sandbox/weather`,
    FORM,
    "kind=drop&value=often",
  )
  expect([weather.status, weather.text]).toEqual([400, expect.stringContaining("drop: write true")])
  expect((await send("GET", `${sandbox.url}/pay/nobody`)).status).toBe(404)
})

test("a form leads back to our own pages only", async () => {
  const sandbox = await sandboxFor(null)
  const url = `${sandbox.url}/sandbox/webhook/test`
  const answer = await send("POST", url, FORM, "back=%2F%2Felsewhere.example")
  expect(answer.headers["location"]).toBe("/")
})

test("JSON that curl calls a form is still JSON", async () => {
  const sandbox = await sandboxFor(null)
  const answer = await send("POST", `${sandbox.url}/sandbox/weather`, FORM, '{"outage":true}')
  expect(answer.json()).toMatchObject({ weather: { outage: true } })
})

test("an invoice opened from the list asks for the amount that only the shop knows", async () => {
  const sandbox = await sandboxFor(null)
  await invoiceCreate(sandbox, "order_1")
  const list = (await send("GET", sandbox.url)).text
  const path = /href="(\/pay\/[^"]+)"/.exec(list)?.[1] ?? ""
  const page = (await send("GET", sandbox.url + path)).text
  expect(page).toMatch(/<input[^>]*name="due"[^>]*required/)
  expect(page).toContain("write what its page asks")
  const buttons = [...page.matchAll(/<button([^>]*)formaction="[^"]*\/([\w-]+)"/g)]
  const unasked = buttons.filter(([, about = ""]) => about.includes("formnovalidate"))
  expect(unasked.map(([, , action]) => action)).toEqual(["confirm", "expire", "fail"])
  const prefilled = (await send("GET", `${sandbox.url}${path}?amount=7.5`)).text
  expect(prefilled).not.toContain("write what its page asks")
})
