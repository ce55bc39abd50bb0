/** Texts in a tree, reached by keys such as "situation.waiting.badge". */
export type Texts = { readonly [key: string]: string | Texts }

/** What stands in for `{{name}}`; or the text that stands when there is none. */
export type Filled = string | Readonly<Record<string, string>>

/**
 * The first text that is there, by key, and for one key by tree. Without any, the given text, or the key. Pure.
 */
export function textOf(trees: readonly Texts[], keys: readonly string[], filled?: Filled): string {
  for (const key of keys) {
    for (const tree of trees) {
      const found = leafOf(tree, key)
      if (found !== null) return typeof filled === "object" ? fill(found, filled) : found
    }
  }
  return typeof filled === "string" ? filled : (keys.at(-1) ?? "")
}

function leafOf(tree: Texts, key: string): string | null {
  let at: string | Texts | undefined = tree
  for (const part of key.split(".")) {
    if (typeof at !== "object" || !Object.hasOwn(at, part)) return null
    at = at[part]
  }
  return typeof at === "string" ? at : null
}

const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{\{(\w+)\}\}/g, (gap, name: string) => values[name] ?? gap)
