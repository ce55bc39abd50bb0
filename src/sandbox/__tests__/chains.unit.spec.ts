import { createHash } from "node:crypto"

import { keccak_256 } from "@noble/hashes/sha3"
import fc from "fast-check"

import { addressFor, chainOf, DEFAULT_TOKENS, hashFor, tokenFor } from "../chains"

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest()

/** Decodes base58check; the version byte, or null when the checksum is wrong. */
function versionOf(address: string): number | null {
  const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
  const number = [...address].reduce((all, c) => all * 58n + BigInt(digits.indexOf(c)), 0n)
  const bytes = Buffer.from(number.toString(16).padStart(50, "0"), "hex")
  const payload = bytes.subarray(0, 21)
  const holds = sha256(sha256(payload)).subarray(0, 4).equals(bytes.subarray(21))
  return holds ? (payload[0] ?? null) : null
}

function isChecksummed(address: string): boolean {
  const letters = address.slice(2)
  const hash = Buffer.from(keccak_256(letters.toLowerCase())).toString("hex")
  return [...letters].every((c, i) =>
    parseInt(hash.charAt(i), 16) > 7 ? c === c.toUpperCase() : c === c.toLowerCase(),
  )
}

test("the decoders of this test agree with addresses the world knows", () => {
  expect(versionOf("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")).toBe(0x41)
  expect(versionOf("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u")).toBeNull()
  expect(versionOf("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")).toBe(0)
  expect(isChecksummed("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")).toBe(true)
  expect(isChecksummed("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")).toBe(false)
})

test("every address is valid on its chain, and another for another payment", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const tron = addressFor("USDTTRC", one)
      expect(tron).toMatch(/^T.{33}$/)
      expect([tron, addressFor("BTC", one)].map(versionOf)).toEqual([0x41, 0])
      for (const token of ["USDTBSC", "USDTERC", "USDTPOLYGON"]) {
        expect(addressFor(token, one)).toMatch(/^0x[0-9a-fA-F]{40}$/)
        expect(isChecksummed(addressFor(token, one))).toBe(true)
      }
      expect(addressFor("USDTTRC", one) === addressFor("USDTTRC", other)).toBe(one === other)
    }),
  )
})

test("hashes have the form of their chain", () => {
  expect(hashFor("USDTTRC", "x")).toMatch(/^[0-9a-f]{64}$/)
  expect(hashFor("USDTBSC", "x")).toMatch(/^0x[0-9a-f]{64}$/)
})

test.each([
  ["USDT", "TRC20", "USDTTRC"],
  ["usdt", "tron", "USDTTRC"],
  ["USDT", "BNB Smart Chain", "USDTBSC"],
  ["USDT", "BEP-20", "USDTBSC"],
  ["USDT", "ethereum", "USDTERC"],
  ["USDT", "polygon", "USDTPOLYGON"],
  ["USDT", "bitcoin", null],
  ["USDC", "tron", null],
  ["ETH", "ethereum", null],
])("%s on %s is %s", (currency, network, token) => {
  expect(tokenFor(currency, network, DEFAULT_TOKENS)).toBe(token)
})

test("every known network answers to its own name", () => {
  for (const token of DEFAULT_TOKENS) {
    const { asset, network } = chainOf(token)
    expect(tokenFor(asset, network, DEFAULT_TOKENS)).toBe(token)
  }
})
