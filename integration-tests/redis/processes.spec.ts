import { processesSuite } from "../support/processes-suite"

processesSuite("processes with a Redis between them", { redis: true })
