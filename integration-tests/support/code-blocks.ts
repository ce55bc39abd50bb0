type CodeBlock = { language: string; code: string }

/** The fenced blocks of a Markdown text that are in one of the languages, without what they are indented by. */
export function codeBlocks(markdown: string, languages: readonly string[]): CodeBlock[] {
  return [...markdown.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)]
    .map(([, indent = "", language = "", code = ""]) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }))
    .filter(({ language }) => languages.includes(language))
}

/** Where a reader is told to put a block: the file that its first line names in a comment, or null. */
export const fileOf = ({ code }: CodeBlock): string | null =>
  /^\/\/ ([\w./-]+\.tsx?)\n/.exec(code)?.[1] ?? null
