import { en } from "../i18n/en"
import { textOf, type Filled, type Texts } from "./texts"

const FALLBACK = "en"

/** The texts by language, as Medusa names languages. */
const languages: Record<string, Texts> = { en }

/** Medusa names languages "en" and "ptBR"; the browser wants "pt-BR". */
const tagOf = (language: string): string =>
  language.replace(/^([a-z]{2,3})([A-Z][A-Za-z]+)$/, "$1-$2")

const isDecimal = (text: string): text is `${number}` => /^\d+(\.\d+)?$/.test(text)

/** The texts of these pages, and times and sums in the reader's language. */
export function useWords() {
  const language = languageOfReader()
  const texts = languages[language] ?? en
  const tag = knownTag(tagOf(language))
  const t = (key: string | readonly string[], filled?: Filled): string =>
    textOf([texts, en], typeof key === "string" ? [key] : key, filled)
  const time = (iso: string): string =>
    new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso))
  /** A decimal string of the store currency. */
  const money = (amount: string, currency: string): string =>
    isDecimal(amount)
      ? new Intl.NumberFormat(tag, { style: "currency", currency }).format(amount)
      : `${amount} ${currency.toUpperCase()}`
  return { t, time, money }
}

/** The language that the reader chose in the dashboard, from where the dashboard keeps it. */
function languageOfReader(): string {
  if (typeof document === "undefined") return FALLBACK
  const cookie = /(?:^|; )lng=([^;]+)/.exec(document.cookie)?.[1]
  return cookie ?? kept("lng") ?? FALLBACK
}

function kept(key: string): string | null {
  try {
    return window.localStorage.getItem(key)
  } catch {
    // A browser may forbid storage altogether.
    return null
  }
}

/** A language that the browser can format for. */
function knownTag(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? FALLBACK
  } catch {
    return FALLBACK
  }
}
