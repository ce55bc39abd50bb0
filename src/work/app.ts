import { container as medusa } from "@medusajs/framework"
import type { MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { rulesOf } from "../kobbopay/account-rules"
import { createClient } from "../kobbopay/client"
import type { Account } from "../kobbopay/options"
import { KOBBOPAY_MODULE } from "../modules/kobbopay"
import type KobbopayModuleService from "../modules/kobbopay/service"
import { runtime } from "../runtime"
import type { Sql } from "../store/sql"
import type { Deps } from "./deps"
import { entitlementSide } from "./entitlement-side"
import { medusaSide } from "./medusa"
import { Worker } from "./worker"

/** How long a person waits for the worker, which may be busy with other orders. */
export const DRAIN_WITHIN_MS = 10_000

/** The plugin in one process: what routes, subscribers, jobs and workflow steps work with. */
export type App = Pick<KobbopayModuleService, "accounts" | "inbox" | "settings"> & {
  /** The app's own connection. */
  sql: Sql
  /** What the worker works with, for what a person asks for. */
  deps: Deps
  /** The one worker of this process. */
  worker: Worker
}

type Parts = Pick<App, "sql" | "deps" | "worker">

/** What was put together for each booted kobbopay module, known by the module's inbox. */
const made = new WeakMap<KobbopayModuleService["inbox"], Parts>()

/**
 * The app, from the container that Medusa hands to the code it calls. Its parts are put together when it is
 * first asked for.
 *
 * The payment provider does not come here: Medusa gives it a container without this module. It makes its
 * parts from what that container has (connection, logger) and from its own options.
 */
export function appOf(container: Pick<MedusaContainer, "resolve">): App {
  // The container of a job or a workflow step wraps the module: each time in a new object, and each function
  // that the module holds, such as its connection, in another one. Only plain members come through.
  const { accounts, inbox, settings } = container.resolve<KobbopayModuleService>(KOBBOPAY_MODULE)
  const parts = made.get(inbox) ?? putTogether(accounts)
  made.set(inbox, parts)
  return { accounts, inbox, settings, ...parts }
}

function putTogether(accounts: readonly Account[]): Parts {
  const deps = depsFor(accounts)
  return { sql: deps.sql, deps, worker: new Worker(deps) }
}

/**
 * The worker outlives the call that it is made in, so its parts are bound to Medusa's own container: the one
 * of a request or a workflow step ends with it, and groups the events of modules with that step's.
 */
function depsFor(accounts: readonly Account[]): Deps {
  const sql = medusa.resolve(ContainerRegistrationKeys.PG_CONNECTION)
  return {
    sql,
    accounts: new Map(
      accounts.map((account) => [
        account.id,
        { account, client: createClient(account, runtime.client), rules: rulesOf(account) },
      ]),
    ),
    medusa: medusaSide(medusa, sql, runtime.now),
    entitlements: entitlementSide(medusa, runtime.now),
    log: medusa.resolve(ContainerRegistrationKeys.LOGGER),
    owner: `${hostname()}:${process.pid}:${randomUUID()}`,
    now: runtime.now,
    random: runtime.random,
    sleep: runtime.client.sleep,
    patience: runtime.work.patience,
  }
}
