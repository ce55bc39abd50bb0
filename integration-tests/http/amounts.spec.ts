import { bootStore } from "../support/store-suite"
import "./carts.suite"
import "./money.suite"
import "./money-bugs.suite"
import "./order-facts.suite"
import "./prices.suite"

bootStore("amounts")
