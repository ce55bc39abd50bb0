import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { once } from "node:events"
import { readRawBody } from "../raw-body"

const FAR = 60_000

describe("a raw body", () => {
  it("is what was sent, piece by piece", async () => {
    const sent = Readable.from([Buffer.from('{"a":'), Buffer.from("1}")])
    expect((await readRawBody(sent, 7, FAR)).toString()).toBe('{"a":1}')
  })

  it("is refused at once when it was read before, and not waited for", async () => {
    const sent = Readable.from([Buffer.from("{}")])
    await buffer(sent)
    await expect(readRawBody(sent, 7, FAR)).rejects.toMatchObject({ status: 503 })
  })

  it("is refused at once when the connection is gone already", async () => {
    const sent = Readable.from([Buffer.from("{}")])
    sent.destroy()
    await once(sent, "close")
    await expect(readRawBody(sent, 7, FAR)).rejects.toMatchObject({ status: 400 })
  })
})
