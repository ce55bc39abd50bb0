import type { Dispatcher } from "undici"

/** What an account says about proxies: an address; none at all; or, left out, what the environment says. */
export type ProxyChoice = string | false | undefined

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a host is this very machine: never reached through a proxy. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

/** The way to a base URL: straight (null), or through a proxy. */
export type Way = {
  /** Holds the proxy's password, if it has one: never for a log. */
  proxy: string
  noProxy: string
  /** Host and port of the proxy, for a log. */
  shown: string
} | null

/**
 * How a base URL is reached. The account's own proxy wins over `HTTPS_PROXY` (or `ALL_PROXY`), each also in
 * lower case; `NO_PROXY` lists hosts that are reached straight, as it does for other programs.
 * @throws {ProxyError} the proxy's address cannot be used
 */
export function wayTo(baseUrl: string, choice: ProxyChoice, env: Environment): Way {
  const { hostname } = new URL(baseUrl)
  if (choice === false || isLoopback(hostname)) return null
  const setting = (name: string) => (env[name.toLowerCase()] ?? env[name])?.trim()
  const proxy = choice ?? (setting("HTTPS_PROXY") || setting("ALL_PROXY"))
  if (proxy === undefined || proxy === "") return null
  const url = proxyUrl(proxy)
  if (url === null) throw new ProxyError()
  const noProxy = choice === undefined ? (setting("NO_PROXY") ?? "") : ""
  return { proxy: url.href, noProxy, shown: url.host }
}

/** The proxy named by an option or the environment is no address of one. The message does not repeat it. */
export class ProxyError extends Error {
  override readonly name = "ProxyError"

  constructor() {
    super(
      "the proxy that is set is no http or https address; write it like http://proxy.example:3128",
    )
  }
}

/** A proxy's address, also written without "http://", as other programs take it; null when it is none. */
export function proxyUrl(text: string): URL | null {
  const written = text.includes("://") ? text : `http://${text}`
  if (!URL.canParse(written)) return null
  const url = new URL(written)
  return url.protocol === "http:" || url.protocol === "https:" ? url : null
}

const agents = new Map<string, Dispatcher>()

/** The connections through a proxy, kept from one call to the next. */
export async function agentFor({ proxy, noProxy }: NonNullable<Way>): Promise<Dispatcher> {
  const key = `${proxy} ${noProxy}`
  const known = agents.get(key)
  if (known !== undefined) return known
  const { EnvHttpProxyAgent } = await import("undici")
  const made = new EnvHttpProxyAgent({ httpProxy: proxy, httpsProxy: proxy, noProxy })
  agents.set(key, made)
  return made
}
