import { bootStore } from "../support/store-suite"
import "./carts.suite"
import "./money.suite"
import "./money-of-orders.suite"
import "./faulty-options.suite"
import "./money-bugs.suite"
import "./order-facts.suite"
import "./closed-orders.suite"
import "./posted-sessions.suite"
import "./prices.suite"

bootStore("amounts")
