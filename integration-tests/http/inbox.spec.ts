import { bootStore } from "../support/store-suite"
import "./hostile-webhooks.suite"
import "./slow-clients.suite"
import "./inbox-batches.suite"
import "./races.suite"
import "./strangers-load.suite"
import "./webhook-answers.suite"
import "./webhooks.suite"
import "./lost-creates.suite"

bootStore("inbox")
