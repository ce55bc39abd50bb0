import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { codeBlocks, fileOf } from "./code-blocks"

/**
 * Writes the TypeScript of a package's README and docs into a folder, each block where its first line says, and
 * returns the files.
 *
 * @throws Error when two blocks are to be the same file
 */
export async function layOutCode(packageFolder: string, folder: string): Promise<string[]> {
  const docs = await readdir(join(packageFolder, "docs"))
  const pages = [
    "README.md",
    ...docs.filter((name) => name.endsWith(".md")).map((n) => `docs/${n}`),
  ]
  const files: string[] = []
  for (const page of pages) {
    const blocks = codeBlocks(await readFile(join(packageFolder, page), "utf8"), ["ts", "tsx"])
    for (const [place, block] of blocks.entries()) {
      const file = fileOf(block) ?? `${page.replaceAll("/", "-")}-${place}.${block.language}`
      if (files.includes(file)) throw new Error(`two blocks are to be ${file}`)
      files.push(file)
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), block.code)
    }
  }
  return files
}
