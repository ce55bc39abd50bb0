import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { brandAs, type KobbopayId } from "../../domain/ids"
import { accountFrom, docsInput } from "./support/accounts"
import { railOf } from "./support/profiles"
import { scripted, type Answer, type Scripted } from "./support/server"

const ID = brandAs<KobbopayId>("pay_1")
const rail = railOf(accountFrom(docsInput))
const PENDING = JSON.stringify({ payment_id: "pay_1", status: "Pending" })

let open: Scripted | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

/** One read of a server that answers these bytes under that name of a compression. */
async function readOf(encoding: string | null, body: Buffer, code = 200) {
  const answer: Answer = (response) => {
    response.writeHead(code, encoding === null ? {} : { "content-encoding": encoding }).end(body)
  }
  open = await scripted(docsInput, [answer])
  return open.client.read(ID, rail, { attempts: 1 })
}

it("asks for an answer as it is", async () => {
  await readOf(null, Buffer.from(PENDING))
  expect(open?.seen[0]?.headers["accept-encoding"]).toBe("identity")
})

it.each([
  ["gzip", gzipSync(PENDING)],
  ["GZIP", gzipSync(PENDING)],
  ["x-gzip", gzipSync(PENDING)],
  ["br", brotliCompressSync(PENDING)],
  ["deflate", deflateSync(PENDING)],
  ["deflate", deflateRawSync(PENDING)],
  ["identity", Buffer.from(PENDING)],
  ["", Buffer.from(PENDING)],
  ["gzip, br", brotliCompressSync(gzipSync(PENDING))],
  ["identity, gzip", gzipSync(PENDING)],
  ["gzip", Buffer.from(PENDING)],
  ["br", Buffer.from(PENDING)],
])("understands one that comes as %p all the same", async (encoding, body) => {
  expect((await readOf(encoding, body)).state).toBe("pending")
})

it("keeps the reason of a refusal that comes compressed", async () => {
  const refusal = gzipSync(JSON.stringify({ message: "token is disabled" }))
  await expect(readOf("gzip", refusal, 422)).rejects.toMatchObject({
    kind: "rejected",
    message: expect.stringContaining("token is disabled"),
  })
})

it.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
])("refuses a %s answer that grows above 1 MiB", async (encoding, compress) => {
  const bomb = compress(Buffer.alloc(64 * 1024 * 1024, " "))
  expect(bomb.length).toBeLessThan(1024 * 1024)
  await expect(readOf(encoding, bomb)).rejects.toMatchObject({
    kind: "invalid_answer",
    message: expect.stringContaining("1 MiB"),
  })
})

it.each(["zstd", "compress", "gzip, zstd", "gzip,gzip,gzip,gzip"])(
  "refuses what comes as %p, in words",
  async (encoding) => {
    await expect(readOf(encoding, Buffer.from("????"))).rejects.toMatchObject({
      kind: "invalid_answer",
      message: expect.stringContaining("not asked for"),
    })
  },
)

it("refuses a compressed answer that breaks off", async () => {
  const half = gzipSync(PENDING).subarray(0, 20)
  await expect(readOf("gzip", half)).rejects.toMatchObject({ kind: "invalid_answer" })
})
