import { defineMiddlewares } from "@medusajs/framework/http"

export default defineMiddlewares({
  routes: [
    {
      // The signature is over the bytes as sent: nothing may read or parse them before the route does.
      matcher: "/hooks/kobbopay",
      methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
      bodyParser: false,
    },
  ],
})
