import { useTranslation } from "react-i18next"

/** Medusa names languages "en" and "ptBR"; the browser wants "pt-BR". */
const tagOf = (language: string): string =>
  language.replace(/^([a-z]{2,3})([A-Z][A-Za-z]+)$/, "$1-$2")

/** The texts of these pages, and times in the reader's language. */
export function useWords() {
  const { t, i18n } = useTranslation("kobbopay")
  const time = (iso: string): string =>
    new Intl.DateTimeFormat(tagOf(i18n.language), {
      dateStyle: "medium",
      timeStyle: "short",
    }).format(new Date(iso))
  return { t, time }
}
