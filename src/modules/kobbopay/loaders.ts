import { asValue } from "@medusajs/framework/awilix"
import type { ConfigModule, LoaderOptions } from "@medusajs/framework/types"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"
import { accountsFromConfig } from "./accounts"

/** Where the checked accounts are registered in the module's container. */
export const ACCOUNTS = "kobbopayAccounts"

/** Reads and checks the accounts while the store boots: a bad option stops it, naming every fault. */
export default async function loadAccounts({ container }: LoaderOptions): Promise<void> {
  const config = container.resolve<ConfigModule>(ContainerRegistrationKeys.CONFIG_MODULE)
  container.register(ACCOUNTS, asValue(await accountsFromConfig(config)))
}
