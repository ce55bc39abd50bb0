export type CodeBlock = { language: string; code: string }

/** The fenced blocks of a Markdown text that are in one of the languages, without what they are indented by. */
export function codeBlocks(markdown: string, languages: readonly string[]): CodeBlock[] {
  return [...markdown.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)]
    .map(([, indent = "", language = "", code = ""]) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }))
    .filter(({ language }) => languages.includes(language))
}
