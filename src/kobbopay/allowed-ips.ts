import { BlockList, isIP, isIPv4, SocketAddress } from "node:net"

/** "[address]" or "[address]:port", "address:port" of IPv4, or the address alone. */
const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/
const WITH_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/
const ZONE = /%[\w.%-]+$/
/** How Node writes an IPv4 address that came over IPv6. */
const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/
const MAPPED_BITS = 96

/**
 * The one spelling of an IP address, null for what is none. Proxies write the same address in upper case,
 * with a port, in brackets, with a zone, or as IPv4 inside IPv6.
 */
export function normalIp(text: string): string | null {
  const trimmed = text.trim()
  const bare = BRACKETED.exec(trimmed)?.[1] ?? WITH_PORT.exec(trimmed)?.[1] ?? trimmed
  const address = bare.replace(ZONE, "")
  if (isIP(address) === 0 || address.includes("%")) return null
  if (isIPv4(address)) return address
  const written = new SocketAddress({ address, family: "ipv6" }).address
  return MAPPED.exec(written)?.[1] ?? written
}

type Network = { address: string; bits: number }

/** One address, or a network such as "203.0.113.0/24"; null for neither. */
function networkIn(entry: string): Network | null {
  const [text = "", bitsText, ...rest] = entry.trim().split("/")
  const address = normalIp(text)
  // A list is written by a person: brackets and ports are a slip there.
  if (address === null || rest.length > 0 || isIP(text.trim()) === 0) return null
  const widest = isIPv4(address) ? 32 : 128
  if (bitsText === undefined) return { address, bits: widest }
  if (!/^\d{1,3}$/.test(bitsText)) return null
  const isMapped = isIPv4(address) && isIP(text.trim()) === 6
  const bits = Number(bitsText) - (isMapped ? MAPPED_BITS : 0)
  return bits >= 0 && bits <= widest ? { address, bits } : null
}

/** Whether a text is an IP address, or a network such as "203.0.113.0/24". */
export const isAddressOrNetwork = (value: string): boolean => networkIn(value) !== null

const family = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6")

/** Of each account's list, made once. */
const lists = new WeakMap<readonly string[], BlockList>()

function listOf(allowedIps: readonly string[]): BlockList {
  const known = lists.get(allowedIps)
  if (known !== undefined) return known
  const made = new BlockList()
  for (const network of allowedIps.map(networkIn)) {
    if (network !== null) made.addSubnet(network.address, network.bits, family(network.address))
  }
  lists.set(allowedIps, made)
  return made
}

/** Whether webhooks from this address are taken: from everywhere when the account lists none. */
export function isAllowedIp(allowedIps: readonly string[], ip: string): boolean {
  if (allowedIps.length === 0) return true
  const address = normalIp(ip)
  return address !== null && listOf(allowedIps).check(address, family(address))
}
