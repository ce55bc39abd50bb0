import { createContext, useContext } from "react"

/** Asks again for what the page shows, and waits for it. */
const Refresh = createContext<() => Promise<void>>(() => Promise.resolve())

export const RefreshProvider = Refresh.Provider

/** Of the section around a component: asks again for what it shows. */
export const useRefresh = (): (() => Promise<void>) => useContext(Refresh)
