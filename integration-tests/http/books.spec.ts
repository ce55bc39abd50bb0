import { bootStore } from "../support/store-suite"
import "./admin.suite"
import "./export.suite"
import "./reconcile.suite"

bootStore("books")
