import { en } from "./en"

/** Texts by language and namespace, as the dashboard merges them into its own. */
export default { en: { kobbopay: en } }
