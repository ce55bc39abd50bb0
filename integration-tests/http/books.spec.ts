import { bootStore } from "../support/store-suite"
import "./admin.suite"
import "./export.suite"
import "./module.suite"
import "./reconcile.suite"

bootStore("books")
