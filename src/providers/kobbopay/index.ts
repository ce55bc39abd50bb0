import { ModuleProvider, Modules } from "@medusajs/framework/utils"
import { KobbopayProviderService } from "./service"

export default ModuleProvider(Modules.PAYMENT, { services: [KobbopayProviderService] })
