import { isIP } from "node:net"

import { SandboxError } from "./errors"
import { type ApiRequest, headerOf } from "./wire"

const READS = new Set(["GET", "HEAD"])
const OWN_SITES = new Set(["", "same-origin", "none"])
const EVERYWHERE = new Set(["0.0.0.0", "::", ""])

/**
 * Refuses what a foreign web page makes a browser send: a form or a script of another origin, or a request
 * to a name that was pointed at this machine. Tools send neither header and are not asked.
 *
 * @param boundTo the host that the stand-in listens on
 * @throws SandboxError (403)
 */
export function refuseForeign(request: ApiRequest, boundTo: string): void {
  const host = headerOf(request, "host").toLowerCase()
  if (!isOwnHost(nameIn(host), boundTo)) {
    throw new SandboxError(
      403,
      `this stand-in is not reached under the name ${JSON.stringify(host.slice(0, 100))}; use localhost, or start it with --host and that name`,
    )
  }
  const site = headerOf(request, "sec-fetch-site")
  if (isForeignOrigin(headerOf(request, "origin"), host, site) || isForeignCall(request, site)) {
    throw new SandboxError(403, "a page of another origin may not use this stand-in")
  }
}

/** A `Host` without its port, and without the brackets of an IPv6 address. */
const nameIn = (host: string): string => host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1")

/**
 * Loopback by name or number, and what it was told to listen on. One that listens for others too takes
 * numbers and plain names, such as those of containers: only a name with a dot can be a stranger's.
 */
function isOwnHost(name: string, boundTo: string): boolean {
  if (name === "" || name === boundTo.toLowerCase()) return true
  if (name === "localhost" || name.endsWith(".localhost")) return true
  if (name === "::1" || (isIP(name) === 4 && name.startsWith("127."))) return true
  return EVERYWHERE.has(boundTo) && (isIP(name) !== 0 || !name.includes("."))
}

/** An origin that is not this one. A page may keep its own to itself: then the browser says the site. */
function isForeignOrigin(origin: string, host: string, site: string): boolean {
  if (origin === "") return false
  if (origin === "null") return site !== "same-origin"
  const own = `http://${host}`
  if (!URL.canParse(origin) || !URL.canParse(own)) return true
  return new URL(origin).origin !== new URL(own).origin
}

/** A link to a page is anybody's; a change, or a read by a script, is the own pages' alone. */
function isForeignCall(request: ApiRequest, site: string): boolean {
  if (OWN_SITES.has(site)) return false
  const isLink = READS.has(request.method) && headerOf(request, "sec-fetch-mode") === "navigate"
  return !isLink
}
