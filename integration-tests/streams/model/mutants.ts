import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { compileFunction } from "node:vm"
import { transformSync } from "@swc/core"
import type * as converge from "../../../src/work/converge"
import type * as judging from "../../../src/domain/judge"
import { REAL, type Under } from "./stream"

const SRC = join(__dirname, "../../../src")

type File = "kobbopay/lifecycle" | "kobbopay/observation" | "kobbopay/judge" | "work/converge"

/** One line of the rules, and what it is broken to. */
export type Mutant = { name: string; file: File; line: string; broken: string }

export const MUTANTS: readonly Mutant[] = [
  {
    name: "captures what is only paid",
    file: "kobbopay/lifecycle",
    line: 'if (policy.captureOn === "paid") return "captured"',
    broken: 'if (policy.captureOn !== "paid") return "captured"',
  },
  {
    name: "cancels the order of an expired payment that holds money",
    file: "kobbopay/lifecycle",
    line: 'return hasMoney(fit) ? "nothing" : "order_cancelled"',
    broken: 'return "order_cancelled"',
  },
  {
    name: "accepts late money that is to be reviewed",
    file: "kobbopay/lifecycle",
    line: 'return facts.policy.latePayments === "accept"',
    broken: 'return facts.policy.latePayments !== "reject"',
  },
  {
    name: "does not notice that something else pays for the order",
    file: "kobbopay/lifecycle",
    line: 'if (facts.covered) return ["duplicate_payment"]',
    broken: "if (facts.covered) return []",
  },
  {
    name: "settles an order that ended",
    file: "kobbopay/lifecycle",
    line: 'if (facts.order === "cancelling" || facts.order === "cancelled") {',
    broken: 'if (facts.order === "cancelling") {',
  },
  {
    name: "lets Paid fall back to Expired",
    file: "kobbopay/lifecycle",
    line: 'return stay("paid", "ambiguous_finality")',
    broken:
      'if (reportedState === "expired") return stay("expired")\n      return stay("paid", "ambiguous_finality")',
  },
  {
    name: "takes too little for enough",
    file: "kobbopay/lifecycle",
    line: 'fit.amount === "under" ? stay("partial") : stay(state)',
    broken: "stay(state)",
  },
  {
    name: "does not see money on another rail",
    file: "kobbopay/observation",
    line: 'if (reading.astray) return "unknown"',
    broken: "",
  },
  {
    name: "settles what the checkout no longer shows",
    file: "kobbopay/lifecycle",
    line: 'if (facts.superseded && facts.policy.latePayments === "review") return ["superseded"]',
    broken: "",
  },
  {
    name: "forgets the tolerance",
    file: "kobbopay/observation",
    line: 'if (received + asked.underMinor < asked.expectedMinor) return "under"',
    broken: 'if (received < asked.expectedMinor) return "under"',
  },
  {
    name: "forgets a transfer that reads no longer show",
    file: "kobbopay/observation",
    line: "const merged = [...known]",
    broken: "const merged = known.slice(1)",
  },
  {
    name: "believes an event that reports more than the read",
    file: "kobbopay/observation",
    line: 'return RANK[state] > RANK[reading.state] ? { kind: "behind" } : observed',
    broken:
      'return RANK[state] > RANK[reading.state] ? { kind: "observed", reportedState: state } : observed',
  },
  {
    name: "confirms what was merely seen",
    file: "kobbopay/observation",
    line: "const final = transfers.filter((transfer) => transfer.final)",
    broken: "const final = transfers",
  },
  {
    name: "lets a lower read take money back",
    file: "kobbopay/judge",
    line: "known === null || (seen !== null && seen > known) ? seen : known",
    broken: "known === null || seen !== null ? seen : known",
  },
  {
    name: "lets a read without money take back that it was seen",
    file: "kobbopay/judge",
    line: 'seenFit.amount === "none" && known.amountFit !== null',
    broken: 'seenFit.amount === "unknown" && known.amountFit !== null',
  },
  {
    name: "never closes what stays pending",
    file: "kobbopay/judge",
    line: 'if (reportedState === "pending" && !holdsMoney && isClosing) reportedState = "expired"',
    broken: "",
  },
  {
    name: "captures again what is captured",
    file: "work/converge",
    line: "if (!isMarked && !isWhole) {",
    broken: "if (!isMarked) {",
  },
  {
    name: "is content without the order's transaction",
    file: "work/converge",
    line: "const unbooked = payment.captures.filter((capture) => !booked.has(capture.id))",
    broken: "const unbooked = payment.captures.filter(() => false)",
  },
]

/** The rules with one line changed; everything else is the real thing. */
export function broken(mutant: Mutant): Under {
  const source = readFileSync(join(SRC, `${mutant.file}.ts`), "utf8")
  if (source.split(mutant.line).length !== 2) {
    throw new Error(`${mutant.file} does not have exactly one line "${mutant.line}"`)
  }
  const changed = evaluate(mutant.file, source.replace(mutant.line, mutant.broken), {})
  if (isConverge(changed)) return { ...REAL, nextStep: changed.nextStep }
  const judge = isJudging(changed)
    ? changed
    : evaluate("kobbopay/judge", readFileSync(join(SRC, "kobbopay/judge.ts"), "utf8"), {
        [`./${mutant.file.replace("kobbopay/", "")}`]: changed,
      })
  if (!isJudging(judge)) throw new Error("the judge was lost")
  return { ...REAL, judge: judge.judge }
}

/** Evaluates a file of `src` as given; its imports are the real ones, but for those handed in. */
function evaluate(file: File, source: string, instead: Record<string, unknown>): unknown {
  const { code } = transformSync(source, {
    module: { type: "commonjs" },
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
  })
  const real = createRequire(__filename)
  const load = (name: string): unknown =>
    instead[name] ?? real(name.startsWith(".") ? join(SRC, file, "..", name) : name)
  const exported: unknown = {}
  Reflect.apply(compileFunction(code, ["exports", "require"]), undefined, [exported, load])
  return exported
}

const isJudging = (loaded: unknown): loaded is typeof judging =>
  typeof loaded === "object" && loaded !== null && "judge" in loaded

const isConverge = (loaded: unknown): loaded is typeof converge =>
  typeof loaded === "object" && loaded !== null && "nextStep" in loaded
