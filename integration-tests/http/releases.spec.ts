import { bootStore } from "../support/store-suite"
import "./entitlements.suite"
import "./failing-entitlements.suite"
import "./reports.suite"

bootStore("releases")
