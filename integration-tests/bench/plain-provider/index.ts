import { ModuleProvider, Modules } from "@medusajs/framework/utils"
import { PlainProvider } from "./service"

export default ModuleProvider(Modules.PAYMENT, { services: [PlainProvider] })
