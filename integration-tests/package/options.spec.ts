import { z } from "@medusajs/framework/zod"
import { accountOptionsSchema } from "../../src/kobbopay/options"
import { textOf } from "../support/pages"

type Shape = {
  default?: unknown
  properties?: Record<string, Shape> | undefined
  items?: Shape | undefined
}
const shape: z.ZodType<Shape> = z.looseObject({
  default: z.unknown(),
  get properties() {
    return z.record(z.string(), shape).optional()
  },
  get items() {
    return shape.optional()
  },
})
const profiles = z.object({ oneOf: z.tuple([shape, shape]) })

/** Every option that a merchant can write, with its default: `a.b`, and `a[].b` inside a list. */
function optionsIn({ properties, items, ...rest }: Shape, path = ""): [string, unknown][] {
  if (properties !== undefined) {
    const below = path === "" ? "" : `${path}.`
    return Object.entries(properties).flatMap(([key, one]) => optionsIn(one, `${below}${key}`))
  }
  if (items?.properties !== undefined) return optionsIn(items, `${path}[]`)
  return [[path, rest.default]]
}

const [page = ""] = textOf("docs/options.md").split("## Options of the plugin")
const rows = [...page.matchAll(/^\| `([^`]+)` *\| (.*?) *\|/gm)].map(
  ([, option = "", told = ""]) => [option, told] as const,
)
const toldFor = new Map(rows)
const options = profiles
  .parse(z.toJSONSchema(accountOptionsSchema, { io: "input", unrepresentable: "any" }))
  .oneOf.flatMap((profile) => optionsIn(profile))

describe("docs/options.md", () => {
  test("names every option, once, and nothing else", () => {
    expect(rows.map(([option]) => option).sort()).toEqual(
      [...new Set(options.map(([option]) => option))].sort(),
    )
  })

  test.each(options.filter(([, value]) => ["string", "number", "boolean"].includes(typeof value)))(
    "tells the default of %s: %s",
    (option, value) => {
      expect(toldFor.get(option)).toContain(`\`${String(value)}\``)
    },
  )
})
