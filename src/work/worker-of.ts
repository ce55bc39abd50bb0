import { container } from "@medusajs/framework"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { createClient } from "../kobbopay/client"
import { rulesOf } from "../kobbopay/rules"
import { KOBBOPAY_MODULE } from "../modules/kobbopay"
import type KobbopayModuleService from "../modules/kobbopay/service"
import { runtime } from "../runtime"
import { medusaSide } from "./medusa"
import type { Patient } from "./reconcile-group"
import { Worker } from "./worker"

const deps = new WeakMap<KobbopayModuleService, Patient>()
const workers = new WeakMap<KobbopayModuleService, Worker>()

/** The worker of this process: one for each booted kobbopay module, made when first asked for. */
export function workerOf(service: KobbopayModuleService): Worker {
  const known = workers.get(service)
  if (known !== undefined) return known
  const worker = new Worker(depsOf(service))
  workers.set(service, worker)
  return worker
}

/** What the work of this process touches: made once for each booted kobbopay module. */
export function depsOf(service: KobbopayModuleService): Patient {
  const known = deps.get(service)
  if (known !== undefined) return known
  const made: Patient = {
    sql: service.sql,
    accounts: new Map(
      service.accounts.map((account) => [
        account.id,
        { account, client: createClient(account, runtime.client), rules: rulesOf(account) },
      ]),
    ),
    medusa: medusaSide(container),
    log: container.resolve(ContainerRegistrationKeys.LOGGER),
    owner: `${hostname()}:${process.pid}:${randomUUID()}`,
    now: runtime.now,
    random: runtime.random,
    sleep: runtime.client.sleep,
  }
  deps.set(service, made)
  return made
}

/**
 * The kobbopay module of the app. From the app's own container, never from the one that a job or a
 * workflow step is given: that one hands out modules whose members are wrapped anew at each call.
 */
export const kobbopay = (): KobbopayModuleService =>
  container.resolve<KobbopayModuleService>(KOBBOPAY_MODULE)
