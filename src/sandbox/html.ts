import { createHash } from "node:crypto"

/** A piece of HTML that is safe to put into a page. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = string | number | null | Html | readonly Html[]

/** Puts values into HTML; every text is escaped, so that nothing from outside becomes markup. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  const filled = values.map((value) => {
    if (value instanceof Html) return value.text
    if (value === null) return ""
    if (typeof value !== "object") return escape(String(value))
    return value.map((piece) => piece.text).join("\n")
  })
  return new Html(parts.map((part, index) => part + (filled[index] ?? "")).join(""))
}

export const NOTHING = new Html("")

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? "")

const STYLE = `
:root { color-scheme: light dark; --ink: #17202a; --soft: #5b6673; --line: #d9dfe5; --card: #fff;
  --ground: #f3f5f7; --accent: #0b5cad; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --soft: #9fabb8; --line: #33404d;
  --card: #1b242d; --ground: #11181f; --accent: #6db3f8; --on-accent: #0b1722 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
header, main { max-width: 60rem; margin: 0 auto; padding: 1rem }
header { padding-bottom: 0 }
header p { margin: 0; color: var(--soft) }
a { color: var(--accent) }
h1 { margin: .25rem 0; font-size: 1.5rem }
h2 { margin: 0 0 .75rem; font-size: 1.1rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1rem; margin-bottom: 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; margin: 0 }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
.code { font-family: ui-monospace, monospace; font-size: .92em }
.state { display: inline-block; padding: 0 .6rem; border-radius: 1rem; font-weight: 600;
  border: 2px solid currentColor }
.Paid, .Confirmed, .delivered { color: #177a3d }
.Pending, .Partial, .sending { color: #9a5b00 }
.Expired, .Failed, .refused, .failed, .timeout, .dropped { color: #b3261e }
@media (prefers-color-scheme: dark) { .Paid, .Confirmed, .delivered { color: #66d08f }
  .Pending, .Partial, .sending { color: #f0b35a }
  .Expired, .Failed, .refused, .failed, .timeout, .dropped { color: #ff8a80 } }
form { margin: 0 }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-top: .75rem }
label { display: inline-flex; gap: .4rem; align-items: center }
input, select { font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--soft); border-radius: .5rem; padding: .5rem .6rem; max-width: 100% }
input[type="checkbox"] { width: 1.2rem; height: 1.2rem }
button { font: inherit; min-height: 2.75rem; padding: .4rem .9rem; border-radius: .5rem;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); cursor: pointer }
button.main { background: var(--accent); color: var(--on-accent) }
button.small { min-height: 2rem; padding: .1rem .6rem }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th, td { text-align: left; padding: .4rem .6rem .4rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top }
th { color: var(--soft); font-weight: 500 }
pre { overflow-x: auto; margin: 0 0 .5rem }
.quiet { color: var(--soft) }
`

/** Kept whole: the policy below allows exactly this text. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`)
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64")

/** Headers of a page: nothing but our own style and forms to ourselves. */
export const PAGE_HEADERS: Record<string, string> = {
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  // Without one the forms of the pages would not say where they come from.
  "referrer-policy": "same-origin",
}

/** A whole page. */
export function page(title: string, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Kobbopay sandbox</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>
          <p><a href="/">Kobbopay sandbox</a> · play money only</p>
          <h1>${title}</h1>
        </header>
        <main>${content}</main>
      </body>
    </html>`.text
}
