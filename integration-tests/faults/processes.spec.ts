import { processesSuite } from "../support/processes-suite"

processesSuite("processes that share nothing but PostgreSQL", { redis: false })
