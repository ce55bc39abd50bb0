import { bootStore } from "../support/store-suite"
import "./contradictions.suite"
import "./resolve.suite"

bootStore("exceptions")
