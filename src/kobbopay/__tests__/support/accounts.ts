import { OptionsError, parseAccounts, type Account } from "../../options"

const rail = { id: "usdt-tron", token: "USDTTRC", prices: { usd: "1", eur: "1.08" } }

/** Options that hold by themselves, for a test to change one thing of. */
export const docsInput = {
  profile: "docs",
  baseUrl: "https://api.kobbopay.example",
  apiKey: "docs-api-key-test",
  webhook: { secrets: ["docs-webhook-secret-test-0001"] },
  rails: [rail],
}

export const invoiceInput = {
  profile: "invoice",
  publicId: "public-id-test",
  privateKey: "kobbopay-test-private-key-0002",
  webhook: { secrets: ["kobbopay-test-webhook-secret-0001"] },
  rails: [rail],
}

export function accountFrom(options: unknown, id = "kobbopay"): Account {
  const [account] = parseAccounts([{ id, options }])
  if (account === undefined) throw new Error("no account")
  return account
}

/** The faults for which options are refused. */
export function faultsOf(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    if (error instanceof OptionsError) return error.faults
    throw error
  }
  throw new Error("no fault was found")
}
