/** What a request to the store's backend may carry beside its path. */
type Query = { method?: "GET" | "POST"; body?: object; query?: Record<string, string> }

const DEFAULT_TOKEN_KEY = "medusa_auth_token"

/** A refusal of the store, in its own words. */
export class RefusedError extends Error {
  override readonly name = "RefusedError"
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }
}

/**
 * Asks the store's backend as the logged-in user of the dashboard. The dashboard's own client is not shared: which copy of its
 * packages a plugin meets depends on how the store was installed.
 *
 * @throws RefusedError when the store refuses; a TypeError when it is out of reach
 */
export async function askBackend(path: string, asked: Query = {}): Promise<unknown> {
  const { method = "GET", body, query = {} } = asked
  const usesTokens = __AUTH_TYPE__ === "jwt"
  const token = usesTokens
    ? window.localStorage.getItem(__JWT_TOKEN_STORAGE_KEY__ || DEFAULT_TOKEN_KEY)
    : null
  const response = await fetch(urlOf(path, query), {
    method,
    credentials: usesTokens ? "omit" : "include",
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new RefusedError(await reasonOf(response), response.status)
  return response.json()
}

/** The backend may be another origin, and may live below a path of its own. */
function urlOf(path: string, query: Record<string, string>): URL {
  const base = new URL(__BACKEND_URL__ || "/", window.location.origin)
  const url = new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base.origin)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

async function reasonOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null)
  const message =
    typeof body === "object" && body !== null && "message" in body ? body.message : null
  return typeof message === "string" ? message : `${response.status} ${response.statusText}`
}
