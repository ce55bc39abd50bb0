import { KobbopayError } from "../../errors"
import { brandAs, type KobbopayId, type Reference } from "../../../domain/ids"
import { parseJson } from "../../json"
import type { Account } from "../../options"
import { profileOf, type ApiRequest, type Ask } from "../../profiles"
import type { Rail } from "../../rails"

/** The USDT contracts themselves: addresses whose checksums anyone can look up. */
export const TRON_ADDRESS = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
export const EVM_ADDRESS = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
export const ID = brandAs<KobbopayId>("id_1")
const reference = brandAs<Reference>("kp_1")

/** The account's first rail. */
export const railOf = (account: Account): Rail => {
  const [rail] = account.options.rails
  if (rail === undefined) throw new Error("no rail")
  return rail
}
/** Answers in turn, parsed as the client would parse them. */
export const answering = (...answers: unknown[]): { ask: Ask; asked: ApiRequest[] } => {
  const asked: ApiRequest[] = []
  const ask: Ask = (request) => {
    const answer = answers[asked.length]
    asked.push(request)
    const text = typeof answer === "string" ? answer : JSON.stringify(answer)
    return Promise.resolve(parseJson(Buffer.from(text)))
  }
  return { ask, asked }
}
export const create = (account: Account, answer: unknown, changes: Partial<Rail> = {}) => {
  const rail = { ...railOf(account), ...changes }
  const payment = { reference, rail, amountMinor: 10_500_000n }
  return profileOf(account).create(payment, answering(answer).ask)
}
export const read = (account: Account, ...answers: unknown[]) =>
  profileOf(account).read(ID, railOf(account), answering(...answers).ask)
/** The field that a refused answer is blamed on. */
export const fieldOf = async (call: Promise<unknown>): Promise<string | null> => {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof KobbopayError)) throw new Error(`not refused: ${String(error)}`)
  expect(error.kind).toBe("invalid_answer")
  expect(error.message).toContain(error.field)
  return error.field
}
