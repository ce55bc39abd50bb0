import { bootStore } from "../support/store-suite"
import "./entitlements.suite"
import "./entitlement-views.suite"
import "./entitlement-events.suite"
import "./failing-entitlements.suite"
import "./reports.suite"
import "./transfers.suite"
import "./unreadable.suite"
import "./mixed-up-answers.suite"

bootStore("releases")
