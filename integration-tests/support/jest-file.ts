import { MetadataStorage } from "@medusajs/framework/mikro-orm/core"

// Models are registered in a place that outlives a test file.
MetadataStorage.clear()

// Suites run side by side, each with two sandboxes and a meddler of its own.
const worker = Number(process.env.JEST_WORKER_ID ?? "1") - 1
const ports = (process.env.TEST_SANDBOX_PORTS ?? "").split(" ")
process.env.TEST_SANDBOX_PORT = ports[3 * worker]
process.env.TEST_SECOND_SANDBOX_PORT = ports[3 * worker + 1]
process.env.TEST_MEDDLER_PORT = ports[3 * worker + 2]

// For this file alone: a store that another suite starts as a process of its own logs and works as merchants' do.
process.env.MEDUSA_DISABLE_TELEMETRY = "1"
process.env.MEDUSA_ADMIN_DISABLED = "true"
process.env.LOG_LEVEL ??= "error"
process.env.KOBBOPAY_SWEEP = "off"
