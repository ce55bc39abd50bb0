import type { z } from "@medusajs/framework/zod"

type Fault = { path: PropertyKey[]; message: string }

/** A key that could be anything, a misplaced secret for one, is not repeated. */
const isPlainKey = (key: string): boolean => /^[A-Za-z][A-Za-z0-9_.]{0,31}$/.test(key)

const pathText = (path: readonly PropertyKey[]): string => {
  const text = path
    .map((key) => {
      if (typeof key === "number") return `[${key}]`
      return isPlainKey(String(key)) ? `.${String(key)}` : ".(a key)"
    })
    .join("")
  return text.replace(/^\./, "") || "options"
}

function plain(issue: z.core.$ZodIssue): Fault[] {
  const path = [...issue.path]
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: "is no option here; remove it, or correct its spelling",
      }))
    case "invalid_key":
      return issue.issues.map(({ message }) => ({
        path: path.slice(0, -1),
        message: `has a key that ${message}`,
      }))
    case "invalid_type":
      // What has no words of its own here is an object.
      return issue.message.startsWith("Invalid input")
        ? [{ path, message: "is not an object; write { … } with the options it takes" }]
        : [{ path, message: issue.message }]
    default:
      return [{ path, message: issue.message }]
  }
}

/** What a schema found, in words, with the place of each. */
export const plainFaults = (error: z.ZodError): Fault[] =>
  error.issues.flatMap((issue) => plain(issue))

/** All faults as "key: what is wrong; the fix". Keys are named, values never. */
export const faultsOf = (error: z.ZodError): string[] => [
  ...new Set(plainFaults(error).map(({ path, message }) => `${pathText(path)}: ${message}`)),
]
