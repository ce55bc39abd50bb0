import { bootStore } from "../support/store-suite"
import "./contradictions.suite"
import "./accept.suite"
import "./apply.suite"
import "./dismiss.suite"
import "./refund.suite"

bootStore("exceptions")
