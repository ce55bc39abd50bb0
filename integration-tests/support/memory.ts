import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { z } from "@medusajs/framework/zod"

/** Bytes in use once everything that can be let go is. */
export function memoryInUse(): number {
  setFlagsFromString("--expose-gc")
  z.custom<() => void>((value) => typeof value === "function").parse(runInNewContext("gc"))()
  return process.memoryUsage().heapUsed
}
