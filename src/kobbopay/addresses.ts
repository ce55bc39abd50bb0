import { createHash } from "node:crypto"
import { keccak_256 } from "@noble/hashes/sha3"

/** How addresses of a network are written; `opaque`: not known here, so hardly checked. */
export type AddressFormat = "tron" | "evm" | "opaque"

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
const TRON_PREFIX = 0x41

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest()

function base58Bytes(text: string): Buffer | null {
  let value = 0n
  for (const character of text) {
    const digit = BASE58.indexOf(character)
    if (digit < 0) return null
    value = value * 58n + BigInt(digit)
  }
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex")
}

/** `T` and 33 base58 characters: 0x41, 20 bytes, and the first 4 bytes of their double SHA-256. */
function tronFault(address: string): string | null {
  if (!/^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(address)) {
    return "a Tron address is T and 33 base58 characters"
  }
  const bytes = base58Bytes(address)
  if (!bytes || bytes.length !== 25 || bytes[0] !== TRON_PREFIX) return "not a Tron address"
  const checksum = sha256(sha256(bytes.subarray(0, 21))).subarray(0, 4)
  return checksum.equals(bytes.subarray(21)) ? null : "the address's checksum is wrong"
}

/** EIP-55: the case of each letter is a bit of the keccak-256 of the lower-case address. */
function evmFault(address: string): string | null {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) return "an address here is 0x and 40 hex digits"
  const digits = address.slice(2)
  const lower = digits.toLowerCase()
  if (digits === lower || digits === digits.toUpperCase()) return null
  const hash = Buffer.from(keccak_256(lower)).toString("hex")
  const checksummed = [...lower]
    .map((digit, i) => (parseInt(hash.charAt(i), 16) >= 8 ? digit.toUpperCase() : digit))
    .join("")
  return digits === checksummed ? null : "the address's EIP-55 checksum is wrong"
}

/** Why a text cannot be an address of that format, or null. An unknown format is only kept sane. */
export function addressFault(format: AddressFormat, address: string): string | null {
  switch (format) {
    case "tron":
      return tronFault(address)
    case "evm":
      return evmFault(address)
    case "opaque":
      return /^[\x21-\x7e]{1,256}$/.test(address)
        ? null
        : "an address is 1 to 256 printable characters without spaces"
  }
}
