import { readFile, writeFile } from "node:fs/promises"
import type { ExecArgs } from "@medusajs/framework/types"
import { Modules, PaymentActions } from "@medusajs/framework/utils"
import { z } from "@medusajs/framework/zod"
import { processPaymentWorkflowId } from "@medusajs/medusa/core-flows"

/** Not counted: the first runs compile and connect. */
const WARM_UP = 5

const listSchema = z.array(z.object({ id: z.string(), amount: z.string() }))

/** Run by `medusa exec`: settles the sessions listed in a file one after the other, and writes how many per second into it. */
export default async function loop({ container, args: [file] }: ExecArgs): Promise<void> {
  if (file === undefined) throw new Error("usage: medusa exec core-loop.ts <file of sessions>")
  const sessions = listSchema.parse(JSON.parse(await readFile(file, "utf8")))
  const engine = container.resolve(Modules.WORKFLOW_ENGINE)
  let begun = performance.now()
  for (const [index, { id, amount }] of sessions.entries()) {
    if (index === WARM_UP) begun = performance.now()
    await engine.run(processPaymentWorkflowId, {
      input: { action: PaymentActions.SUCCESSFUL, data: { session_id: id, amount } },
    })
  }
  const perSecond = ((sessions.length - WARM_UP) * 1_000) / (performance.now() - begun)
  await writeFile(file, JSON.stringify({ perSecond }))
}
