import { bootStore } from "../support/store-suite"
import "./admin.suite"
import "./export.suite"
import "./accounts.suite"
import "./module.suite"
import "./reconcile.suite"
import "./reconcile-starts.suite"
import "./drift.suite"

bootStore("books")
