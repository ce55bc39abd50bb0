import type { Credentials, StartOptions } from "./command-line"
import type { ProfileName } from "./payments"

/** What is printed once the stand-in listens: addresses, credentials, and commands to copy. */
export function welcome(url: string, options: StartOptions, shown: Credentials): string {
  const docs = options.profiles.includes("docs")
  const invoice = options.profiles.includes("invoice")
  const lines = [
    `Kobbopay sandbox: play money only, ${forgotten(options.stateFile)}.`,
    "",
    `  base URL       ${url}   (profiles: ${options.profiles.join(", ")})`,
    `  payer pages    ${url}/`,
    `  control API    ${url}/sandbox/payments`,
    `  webhooks to    ${options.webhook.url ?? "nowhere yet: --webhook-url, or POST /sandbox/webhook"}`,
    `  tokens         ${options.tokens.join(", ")}`,
    `  weather seed   ${options.seed}`,
    "",
    "Credentials",
    ...(docs
      ? [
          `  docs     apiKey          ${shown.apiKey}`,
          `  docs     webhook secret  ${shown.webhookSecret.docs}`,
        ]
      : []),
    ...(invoice
      ? [
          `  invoice  publicId        ${shown.publicId}`,
          `  invoice  privateKey      ${shown.privateKey}`,
          `  invoice  webhook secret  ${shown.webhookSecret.invoice}`,
        ]
      : []),
    "",
    ...(docs ? environment("docs", url, shown) : []),
    ...(invoice ? environment("invoice", url, shown) : []),
    "Try it",
    ...(docs ? docsExample(url, shown.apiKey) : []),
    ...(invoice ? invoiceExample(url, shown) : []),
    "  # be the payer, then look at what was delivered",
    `  curl -s -X POST ${url}/sandbox/payments/order_1/pay -d '{"due":"10.50","confirm":true}'`,
    `  curl -s '${url}/sandbox/deliveries?payment=order_1'`,
    "  # bad weather, and fair again",
    `  curl -s -X POST ${url}/sandbox/weather -d '{"duplicates":0.5,"lostAnswer":{"count":1}}'`,
    `  curl -s -X DELETE ${url}/sandbox/weather`,
    "",
    "Stop with Ctrl-C.",
    "",
  ]
  return lines.join("\n")
}

const forgotten = (stateFile: string | null): string =>
  stateFile === null
    ? "everything is forgotten when it stops (--state FILE keeps the payments)"
    : `the payments are kept in ${stateFile}`

/** Lines for the .env of a store whose options read these variables; what was given by hand is not repeated. */
function environment(profile: ProfileName, url: string, shown: Credentials): string[] {
  const values: [string, string][] = [
    ["KOBBOPAY_PROFILE", profile],
    ["KOBBOPAY_BASE_URL", url],
    ...(profile === "docs"
      ? ([["KOBBOPAY_API_KEY", shown.apiKey]] satisfies [string, string][])
      : ([
          ["KOBBOPAY_PUBLIC_ID", shown.publicId],
          ["KOBBOPAY_PRIVATE_KEY", shown.privateKey],
        ] satisfies [string, string][])),
    ["KOBBOPAY_WEBHOOK_SECRET", shown.webhookSecret[profile]],
  ]
  return [
    `For the .env of a store with profile ${profile}`,
    ...values.map(([name, value]) =>
      value.startsWith("as given") ? `  # ${name} is what you gave here` : `  ${name}=${value}`,
    ),
    "",
  ]
}

/** A credential inside a command: what was given by hand is not repeated here. */
const inCommand = (shown: string, variable: string): string =>
  shown.startsWith("as given") ? `"$${variable}"` : shown

function docsExample(url: string, apiKey: string): string[] {
  return [
    "  # profile docs: create a payment",
    `  curl -s ${url}/v1/payments -H x-api-key:${inCommand(apiKey, "KOBBOPAY_API_KEY")} \\`,
    `    -d '{"amount":"10.50","currency":"USDT","network":"tron","orderId":"order_1"}'`,
  ]
}

function invoiceExample(url: string, { publicId, privateKey }: Credentials): string[] {
  return [
    "  # profile invoice: create a payment",
    `  TS=$(date +%s); BODY='{"token":"USDTTRC","client_transaction_id":"order_1"}'`,
    `  SIG=$(printf '%s%s' "$TS" "$BODY" | openssl dgst -sha512 -hmac ${inCommand(privateKey, "KOBBOPAY_PRIVATE_KEY")} | sed 's/.* //')`,
    `  curl -s ${url}/api/crypto/invoice/create -H Accept:application/json \\`,
    `    -H ApiPublic:${inCommand(publicId, "KOBBOPAY_PUBLIC_ID")} -H Timestamp:$TS -H Signature:$SIG -d "$BODY"`,
  ]
}
