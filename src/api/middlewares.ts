import { defineMiddlewares } from "@medusajs/framework/http"
import { adminMiddlewares } from "./admin/kobbopay/middlewares"
import { takeWebhookFirst } from "./hooks/kobbopay/first"
import { storeMiddlewares } from "./store/kobbopay/middlewares"

export default defineMiddlewares({
  routes: [
    {
      // The signature is over the bytes as sent: nothing may read or parse them before the route does.
      matcher: "/hooks/kobbopay",
      methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      bodyParser: false,
    },
    // Without methods, which puts it in front of all routes.
    { matcher: "/hooks/kobbopay", middlewares: [takeWebhookFirst] },
    ...adminMiddlewares,
    ...storeMiddlewares,
  ],
})
