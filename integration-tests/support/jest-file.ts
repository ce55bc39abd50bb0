import { MetadataStorage } from "@medusajs/framework/mikro-orm/core"

// Models are registered in a place that outlives a test file.
MetadataStorage.clear()
