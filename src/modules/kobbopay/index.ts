import { Module } from "@medusajs/framework/utils"
import loadAccounts from "./loaders"
import KobbopayModuleService from "./service"

export const KOBBOPAY_MODULE = "kobbopay"

export default Module(KOBBOPAY_MODULE, {
  service: KobbopayModuleService,
  loaders: [loadAccounts],
})
