import { bootStore } from "../support/store-suite"
import "./hanging-hooks.suite"
import "./lifecycle.suite"
import "./out-of-stock.suite"
import "./outages.suite"
import "./plans.suite"
import "./weather.suite"
import "./expiry.suite"

bootStore("orders")
