import { container } from "@medusajs/framework"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { createClient } from "../kobbopay/client"
import { rulesOf } from "../kobbopay/account-rules"
import { KOBBOPAY_MODULE } from "../modules/kobbopay"
import type KobbopayModuleService from "../modules/kobbopay/service"
import { runtime } from "../runtime"
import type { Deps } from "./deps"
import { entitlementSide } from "./entitlement-side"
import { medusaSide } from "./medusa"
import { Worker } from "./worker"

/** How long a person waits for the worker, which may be busy with other orders. */
export const DRAIN_WITHIN_MS = 10_000

const workers = new WeakMap<KobbopayModuleService, { deps: Deps; worker: Worker }>()

function partsOf(service: KobbopayModuleService): { deps: Deps; worker: Worker } {
  const known = workers.get(service)
  if (known !== undefined) return known
  const deps: Deps = {
    sql: service.sql,
    accounts: new Map(
      service.accounts.map((account) => [
        account.id,
        { account, client: createClient(account, runtime.client), rules: rulesOf(account) },
      ]),
    ),
    medusa: medusaSide(container, service.sql, runtime.now),
    entitlements: entitlementSide(container, runtime.now),
    log: container.resolve(ContainerRegistrationKeys.LOGGER),
    owner: `${hostname()}:${process.pid}:${randomUUID()}`,
    now: runtime.now,
    random: runtime.random,
    sleep: runtime.client.sleep,
    patience: runtime.work.patience,
  }
  const made = { deps, worker: new Worker(deps) }
  workers.set(service, made)
  return made
}

/** The worker of this process: one for each booted kobbopay module, made when first asked for. */
export const workerOf = (service: KobbopayModuleService): Worker => partsOf(service).worker

/** What the worker of this process works with, for what a person asks for. */
export const depsOf = (service: KobbopayModuleService): Deps => partsOf(service).deps

/**
 * The kobbopay module of the app. From the app's own container, never from the one that a job or a
 * workflow step is given: that one hands out modules whose members are wrapped again at each call.
 */
export const kobbopay = (): KobbopayModuleService =>
  container.resolve<KobbopayModuleService>(KOBBOPAY_MODULE)
