import { toleranceMinor } from "../domain/money"
import type { Rules } from "../domain/rules"
import type { Account } from "./options"
import { profileOf } from "./profiles"

/** How payments of the account are judged, by its options and by what its profile can express. */
export function rulesOf(account: Account): Rules {
  const { options } = account
  const profile = profileOf(account)
  return {
    policy: {
      authorizeOn: options.authorizeOn,
      captureOn: options.captureOn,
      latePayments: options.latePayments,
    },
    required: profile.requires,
    readableStates: profile.readableStates,
    tolerance: (expectedMinor, decimals) => ({
      underMinor: toleranceMinor(options.tolerance.under, expectedMinor, decimals),
      overMinor: toleranceMinor(options.tolerance.over, expectedMinor, decimals),
    }),
    stuckAfterMs: options.stuckAfterMs,
    closePendingAfterMs: options.expiry.closePendingAfterMs,
    graceMs: options.expiry.cancelOrderAfterMs,
    patienceMs: options.unbackedAfterMs,
    watchForMs: options.expiry.watchForMs,
  }
}
