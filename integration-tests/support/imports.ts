import ts from "typescript"

/** The packages that a module's source imports or requires, without paths inside them, and without its own files. */
export function packagesImportedBy(source: string): string[] {
  const { importedFiles } = ts.preProcessFile(source, true, true)
  const named = importedFiles.map(({ fileName }) => fileName)
  return [...new Set(named.filter((name) => !name.startsWith(".")).map(packageOf))]
}

const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/")
