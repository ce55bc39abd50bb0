import { readFileSync, renameSync, writeFileSync } from "node:fs"

import { factsOf } from "./errors"
import { type KnownPayments, knownPaymentsSchema } from "./payments"

/** A state file that cannot be read or written; the message says what to do. */
export class StateError extends Error {
  override readonly name = "StateError"
}

/**
 * The payments in a file: what is there now (undefined: there is no file yet), and how to replace it. A
 * change is either in the file whole or not at all, also when the process is killed meanwhile.
 */
export function stateIn(file: string): {
  known: KnownPayments | undefined
  keep: (known: KnownPayments) => void
} {
  const keep = (known: KnownPayments): void => {
    const next = `${file}.${process.pid}.next`
    writeFileSync(next, JSON.stringify(known), { mode: 0o600 })
    renameSync(next, file)
  }
  const known = knownIn(file)
  try {
    keep(known ?? { payments: [], references: {} })
  } catch (error) {
    throw new StateError(`the state file ${file} cannot be written: ${factsOf(error).message}`)
  }
  return { known, keep }
}

function knownIn(file: string): KnownPayments | undefined {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    if (factsOf(error).code === "ENOENT") return undefined
    throw new StateError(`the state file ${file} cannot be read: ${factsOf(error).message}`)
  }
  try {
    return knownPaymentsSchema.parse(JSON.parse(text))
  } catch {
    throw new StateError(
      `the state file ${file} holds no payments of a sandbox; name another one, or remove it`,
    )
  }
}
