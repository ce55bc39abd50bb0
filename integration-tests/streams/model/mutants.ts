import { judge } from "../../../src/domain/judge"
import * as lifecycle from "../../../src/domain/lifecycle"
import * as observation from "../../../src/domain/observation"
import { nextStep } from "../../../src/work/converge"
import { REAL, type Under } from "./stream"

const { decide } = lifecycle
const { compareReport, counts, fitOf, judgedMinor, mergeTransfers } = observation

/** One rule that is broken: what the judge is given instead of the real functions. */
type Mutant = {
  name: string
  lifecycle?: Partial<typeof lifecycle>
  observation?: Partial<typeof observation>
  judge?: typeof judge
  nextStep?: typeof nextStep
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "captures what is only paid",
    lifecycle: {
      decide: (facts, seen) => {
        const captureOn = facts.policy.captureOn === "paid" ? "confirmed" : "paid"
        return decide({ ...facts, policy: { ...facts.policy, captureOn } }, seen)
      },
    },
  },
  {
    name: "cancels the order of an expired payment that holds money",
    lifecycle: {
      decide: (facts, seen) => {
        const decision = decide(facts, seen)
        const isEnded = decision.state === "expired" || decision.state === "failed"
        const cancels = isEnded && seen.fit.amount !== "none" && !facts.reported
        return cancels ? { ...decision, target: "order_cancelled" } : decision
      },
    },
  },
  {
    name: "accepts late money that is to be reviewed",
    lifecycle: {
      decide: (facts, seen) => {
        const isEnded = facts.state === "expired" || facts.state === "failed"
        const latePayments = isEnded ? "accept" : facts.policy.latePayments
        return decide({ ...facts, policy: { ...facts.policy, latePayments } }, seen)
      },
    },
  },
  {
    name: "does not notice that something else pays for the order",
    lifecycle: {
      // Whatever pays for the order may also be what the checkout shows instead of this payment.
      decide: (facts, seen) =>
        decide(facts.covered ? { ...facts, covered: false, superseded: false } : facts, seen),
    },
  },
  {
    name: "settles an order that ended",
    lifecycle: {
      decide: (facts, seen) => {
        const order = facts.order === "cancelled" ? "open" : facts.order
        return decide({ ...facts, order }, seen)
      },
    },
  },
  {
    name: "lets Paid fall back to Expired",
    lifecycle: {
      decide: (facts, seen) => {
        const falls = facts.state === "paid" && seen.reportedState === "expired"
        return decide(falls ? { ...facts, state: "expired" } : facts, seen)
      },
    },
  },
  {
    name: "takes too little for enough",
    lifecycle: {
      decide: (facts, seen) => {
        const isPaid = seen.reportedState === "paid" || seen.reportedState === "confirmed"
        const isShort = isPaid && seen.fit.amount === "under"
        return decide(facts, isShort ? { ...seen, fit: { ...seen.fit, amount: "fits" } } : seen)
      },
    },
  },
  {
    name: "does not see money on another rail",
    observation: {
      fitOf: (asked, reading, received, required) =>
        fitOf(asked, { ...reading, astray: false }, received, required),
    },
  },
  {
    name: "settles what the checkout no longer shows",
    lifecycle: { decide: (facts, seen) => decide({ ...facts, superseded: false }, seen) },
  },
  {
    name: "forgets the tolerance",
    observation: {
      fitOf: (asked, reading, received, required) =>
        fitOf({ ...asked, underMinor: 0n }, reading, received, required),
    },
  },
  {
    name: "forgets a transfer that reads no longer show",
    observation: { mergeTransfers: (known, reading) => mergeTransfers(known.slice(1), reading) },
  },
  {
    name: "believes an event that reports more than the read",
    observation: {
      compareReport: (reading, held, report, readableStates) => {
        const compared = compareReport(reading, held, report, readableStates)
        const isMore = report.state === "paid" || report.state === "confirmed"
        return compared.kind === "behind" && isMore
          ? { kind: "observed", reportedState: report.state }
          : compared
      },
    },
  },
  {
    name: "confirms what was merely seen",
    observation: {
      judgedMinor: (transfers, reading, known) =>
        judgedMinor(
          transfers.map((one) => ({ ...one, final: counts(one) })),
          reading,
          known,
        ),
    },
  },
  {
    name: "lets a lower read take money back",
    judge: (known, check) =>
      judge({ ...known, receivedMinor: check.reading.receivedMinor ?? known.receivedMinor }, check),
  },
  {
    name: "lets a read without money take back that it was seen",
    judge: (known, check) => judge({ ...known, amountFit: null }, check),
  },
  {
    name: "never closes what stays pending",
    judge: (known, check) =>
      judge(known, { ...check, rules: { ...check.rules, closePendingAfterMs: Infinity } }),
  },
  {
    name: "captures again what is captured",
    nextStep: (...given) => {
      const step = nextStep(...given)
      return step.do === "finish_capture"
        ? { do: "capture", payment: step.payment, rest: null }
        : step
    },
  },
  {
    name: "is content without the order's transaction",
    nextStep: (payment, seen) => {
      const { view } = seen
      const captures = view.payments.flatMap((one) => one.captures)
      const transactions = captures.map(({ id }) => ({ reference: "capture", reference_id: id }))
      return nextStep(payment, { ...seen, view: { ...view, transactions } })
    },
  },
]

const LIFECYCLE = "../../../src/domain/lifecycle"
const OBSERVATION = "../../../src/domain/observation"

/** The rules with one of them broken; everything else is the real thing. */
export function broken(mutant: Mutant): Under {
  const under = { ...REAL }
  jest.isolateModules(() => {
    jest.doMock(LIFECYCLE, () => ({ ...lifecycle, ...mutant.lifecycle }))
    jest.doMock(OBSERVATION, () => ({ ...observation, ...mutant.observation }))
    under.judge = jest.requireActual<{ judge: typeof judge }>("../../../src/domain/judge").judge
  })
  jest.dontMock(LIFECYCLE)
  jest.dontMock(OBSERVATION)
  if (mutant.judge !== undefined) under.judge = mutant.judge
  if (mutant.nextStep !== undefined) under.nextStep = mutant.nextStep
  return under
}
