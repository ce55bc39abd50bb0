import { bootStore } from "../support/store-suite"
import "./checkout.suite"
import "./changed-checkouts.suite"
import "./checkout-races.suite"
import "./offers.suite"
import "./payment-status.suite"
import "./storefront.suite"
import "./strangers.suite"
import "./unstorable-text.suite"
import "./webhook-floods.suite"

bootStore("checkouts")
