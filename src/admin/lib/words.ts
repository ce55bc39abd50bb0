import { useTranslation } from "react-i18next"

/** Medusa names languages "en" and "ptBR"; the browser wants "pt-BR". */
const tagOf = (language: string): string =>
  language.replace(/^([a-z]{2,3})([A-Z][A-Za-z]+)$/, "$1-$2")

const isDecimal = (text: string): text is `${number}` => /^\d+(\.\d+)?$/.test(text)

/** The texts of these pages, and times and sums in the reader's language. */
export function useWords() {
  const { t, i18n } = useTranslation("kobbopay")
  const time = (iso: string): string =>
    new Intl.DateTimeFormat(tagOf(i18n.language), {
      dateStyle: "medium",
      timeStyle: "short",
    }).format(new Date(iso))
  /** A decimal string of the store currency. */
  const money = (amount: string, currency: string): string =>
    isDecimal(amount)
      ? new Intl.NumberFormat(tagOf(i18n.language), { style: "currency", currency }).format(amount)
      : `${amount} ${currency.toUpperCase()}`
  return { t, time, money }
}
