import { bootStore } from "../support/store-suite"
import "./checkout.suite"
import "./checkout-races.suite"
import "./offers.suite"
import "./storefront.suite"
import "./strangers.suite"

bootStore("checkouts")
