import { isAddressOrNetwork, isAllowedIp, normalIp } from "../allowed-ips"

describe("addresses that webhooks may come from", () => {
  const SAME = [
    "203.0.113.7",
    "::ffff:203.0.113.7",
    "::FFFF:203.0.113.7",
    "::ffff:cb00:7107",
    "0:0:0:0:0:ffff:203.0.113.7",
    "0000:0000:0000:0000:0000:FFFF:CB00:7107",
    " 203.0.113.7 ",
    "203.0.113.7:44321",
    "[::ffff:203.0.113.7]:443",
    "[::ffff:cb00:7107]",
  ]

  it.each(SAME)("are one address however it is written: %s", (spelling) => {
    expect(normalIp(spelling)).toBe("203.0.113.7")
    expect(isAllowedIp(["203.0.113.7"], spelling)).toBe(true)
    expect(isAllowedIp(["203.0.113.0/24"], spelling)).toBe(true)
    expect(isAllowedIp(["203.0.113.8", "2001:db8::/32"], spelling)).toBe(false)
  })

  it.each(["::ffff:203.0.113.7", "::FFFF:CB00:7107", " 203.0.113.7 ", "::ffff:203.0.113.0/120"])(
    "are one address however the option is written: %s",
    (entry) => {
      expect(isAddressOrNetwork(entry)).toBe(true)
      expect(isAllowedIp([entry], "203.0.113.7")).toBe(true)
      expect(isAllowedIp([entry], "::ffff:203.0.113.7")).toBe(true)
      expect(isAllowedIp([entry], "203.0.114.7")).toBe(false)
    },
  )

  it.each([
    "2001:db8::1",
    "2001:DB8::1",
    "2001:db8:0:0:0:0:0:1",
    "2001:0db8::0001",
    "[2001:db8::1]:443",
    "2001:db8::1%eth0",
    "2001:db8::1%25eth0",
  ])("IPv6 has many spellings too: %s", (spelling) => {
    expect(isAllowedIp(["2001:db8::1"], spelling)).toBe(true)
    expect(isAllowedIp(["2001:DB8:0::/48"], spelling)).toBe(true)
    expect(isAllowedIp(["2001:db8::2"], spelling)).toBe(false)
  })

  it.each([
    "",
    "x",
    "203.0.113",
    "203.0.113.7.",
    "203.0.113.007",
    "203.0.113.7, 203.0.113.8",
    "203.0.113.7:",
    "203.0.113.7:999999",
    "[203.0.113.7",
    "2001:db8::1%",
    "0x0a000001",
    "203.0.113.7\u0000",
    "203.0.113.7/24",
  ])("what is none is from nowhere: %j", (text) => {
    expect(normalIp(text)).toBeNull()
    expect(isAllowedIp(["0.0.0.0/0", "::/0"], text)).toBe(false)
  })

  it("an empty list takes all", () => {
    expect(isAllowedIp([], "198.51.100.1")).toBe(true)
    expect(isAllowedIp([], "anything")).toBe(true)
  })

  it("the whole of a family is a network", () => {
    expect(isAllowedIp(["0.0.0.0/0"], "198.51.100.1")).toBe(true)
    expect(isAllowedIp(["0.0.0.0/0"], "2001:db8::1")).toBe(false)
    expect(isAllowedIp(["::/0"], "2001:db8::1")).toBe(true)
    expect(isAllowedIp(["::ffff:0:0/96"], "198.51.100.1")).toBe(true)
  })

  it.each([
    "203.0.113.0/33",
    "2001:db8::/129",
    "203.0.113.0/",
    "203.0.113.0/a",
    "a/8",
    "1.2.3.4/8/8",
  ])("no network: %s", (text) => {
    expect(isAddressOrNetwork(text)).toBe(false)
  })
})
