import { BlockList, isIP } from "node:net"

/** Whether a text is an IP address, or a network such as "203.0.113.0/24". */
export function isAddressOrNetwork(value: string): boolean {
  const [address = "", bits, ...rest] = value.split("/")
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (bits === undefined) return true
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

/** Whether webhooks from this address are taken: from everywhere when the account lists none. */
export function isAllowedIp(allowedIps: readonly string[], ip: string): boolean {
  if (allowedIps.length === 0) return true
  const list = new BlockList()
  for (const entry of allowedIps) {
    const [address = "", bits] = entry.split("/")
    const family = isIP(address) === 4 ? "ipv4" : "ipv6"
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return isIP(ip) !== 0 && list.check(ip, isIP(ip) === 4 ? "ipv4" : "ipv6")
}
