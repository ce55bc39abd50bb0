import fc from "fast-check"
import { brandAs, type KobbopayId } from "../ids"
import { isSameTransfer, normalHash, transferKeys } from "../transfers"

const HASH = "7f3a9c"
const tracker = (id: string) => brandAs<KobbopayId>(id)
const on = { network: "TRC20", accountId: "kobbopay" }

describe("what identifies a transfer", () => {
  test.each([HASH, HASH.toUpperCase(), `0x${HASH}`, `0X${HASH.toUpperCase()}`, ` ${HASH}\n`])(
    "%j is one and the same hash",
    (hash) => {
      expect(normalHash(hash)).toBe(HASH)
      expect(isSameTransfer({ hash }, { hash: HASH })).toBe(true)
    },
  )
  test("letters count where a hash is no hexadecimal", () => {
    expect(isSameTransfer({ hash: "5Kx" }, { hash: "5kX" })).toBe(false)
  })
  test("the tracker does where both have one, else the hash", () => {
    const one = { hash: HASH, trackerId: tracker("t1") }
    expect(isSameTransfer(one, { hash: "ab", trackerId: tracker("t1") })).toBe(true)
    expect(isSameTransfer(one, { hash: HASH, trackerId: tracker("t2") })).toBe(false)
    expect(isSameTransfer(one, { hash: `0x${HASH}` })).toBe(true)
  })
  test("it counts once on its network, and once at its account", () => {
    const keys = transferKeys({ hash: `0x${HASH}`, trackerId: tracker("t1") }, on)
    expect(keys).toEqual([
      { scope: "network trc20", key: HASH },
      { scope: "account kobbopay", key: "t1" },
    ])
    expect(transferKeys({ hash: HASH.toUpperCase() }, { ...on, network: "trc20" })).toEqual([
      keys[0],
    ])
  })
  test("spelling changes no key", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{1,64}$/), (hash) => {
        for (const spelled of [hash.toUpperCase(), `0x${hash}`, ` ${hash} `]) {
          expect(transferKeys({ hash: spelled }, on)).toEqual(transferKeys({ hash }, on))
        }
        expect(normalHash(normalHash(hash))).toBe(normalHash(hash))
      }),
    )
  })
})
