/** Where the store's backend is, put in by the dashboard's build; empty when it is the same origin. */
declare const __BACKEND_URL__: string | undefined
/** How the dashboard logs in, put in by its build. */
declare const __AUTH_TYPE__: "session" | "jwt" | undefined
declare const __JWT_TOKEN_STORAGE_KEY__: string | undefined
