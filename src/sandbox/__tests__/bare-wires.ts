import { PaymentBook } from "../book"
import { docsWire } from "../profiles/docs"
import { invoiceWire } from "../profiles/invoice"
import { WeatherStation } from "../weather"

/** Both wires by themselves, for what needs no server. */
export function bareWires() {
  const now = () => 0
  const newId = (prefix: string) => `${prefix}1`
  const book = new PaymentBook({
    now,
    newId,
    announce: () => undefined,
    expireAfterMs: null,
    memoTokens: [],
  })
  const shared = { book, weather: new WeatherStation(() => 0), tokens: [], newId, now }
  return {
    docs: docsWire({ ...shared, apiKey: "key" }),
    invoice: invoiceWire({ ...shared, publicId: "id", privateKey: "key" }),
  }
}
