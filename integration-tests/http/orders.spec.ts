import { bootStore } from "../support/store-suite"
import "./hanging-hooks.suite"
import "./lifecycle.suite"
import "./plans.suite"
import "./weather.suite"

bootStore("orders")
