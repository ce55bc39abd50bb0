import medusa from "@medusajs/eslint-plugin"
import tseslint from "typescript-eslint"

/** Which folders of src each folder may import from: money logic has one address, and arrows go one way. */
const HOUSE = {
  domain: [],
  kobbopay: ["domain"],
  types: ["domain", "kobbopay"],
  store: ["domain", "kobbopay", "types"],
  modules: ["domain", "kobbopay", "store"],
  work: ["domain", "kobbopay", "store", "modules", "types", "runtime.ts"],
  workflows: ["domain", "kobbopay", "store", "modules", "work", "types", "runtime.ts"],
  providers: ["domain", "kobbopay", "store", "runtime.ts"],
  subscribers: ["domain", "kobbopay", "store", "modules", "work", "workflows", "runtime.ts"],
  jobs: ["domain", "kobbopay", "store", "modules", "work", "workflows", "runtime.ts"],
  links: ["modules"],
  api: ["domain", "kobbopay", "store", "modules", "work", "workflows", "types", "runtime.ts"],
  admin: ["types"],
  sandbox: [],
  scripts: [],
}

const ROOMS = Object.keys(HOUSE)

/** One entry for each folder: relative imports that lead into a folder it may not know. */
const walls = Object.entries(HOUSE).map(([folder, allowed]) => {
  const closed = ROOMS.filter((room) => room !== folder && !allowed.includes(room))
  if (!allowed.includes("runtime.ts")) closed.push("runtime")
  return {
    files: [`src/${folder}/**/*.{ts,tsx}`],
    // A test may build what it needs from parts above.
    ignores: ["src/domain/__tests__/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(${closed.join("|")})(/|$)`,
              message: `src/${folder} may import from: ${allowed.join(", ") || "nothing else in src"}.`,
            },
            { regex: "integration-tests", message: "What ships does not know its tests." },
          ],
        },
      ],
    },
  }
})

/**
 * Medusa's own rules, for what ships. Only the blocks with rules are taken: the others ignore all tests, and
 * set another parser.
 */
const medusaRules = medusa.configs.recommended
  .filter(({ rules }) => Object.keys(rules ?? {}).length > 0)
  .map((block) => ({
    ...block,
    ignores: [...(block.ignores ?? []), "integration-tests/**", "**/__tests__/**"],
  }))

export default tseslint.config(
  { ignores: ["node_modules", ".medusa", ".cache", "coverage", "src/modules/*/migrations"] },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.name=/^(row|rows|checkAnswer)$/] > CallExpression.arguments > MemberExpression.callee[object.name='z']",
          message: "Making a schema costs more than parsing by it: make it once, outside.",
        },
        {
          selector:
            ":matches(SpreadElement > ObjectExpression, SpreadElement > ArrayExpression).argument",
          message: "Write what the literal holds, without a spread around it.",
        },
      ],
    },
  },
  ...walls,
  { plugins: { "@medusajs": medusa } },
  ...medusaRules,
  {
    files: ["src/**/*.ts"],
    rules: {
      // A plain Error is a bug of ours and answered 500; what a request can cause is a MedusaError.
      "@medusajs/use-medusa-error-not-generic-error": "off",
      // Ids are known in the whole store: ours begin with "kobbopay-", beside those of Medusa and of others.
      "@medusajs/step-id-kebab-case": "off",
      "@medusajs/workflow-id-matches-export-or-filename": "off",
    },
  },
  {
    // Handlers of Medusa's interfaces are async by contract, with or without something to await.
    files: ["src/providers/**/*.ts", "src/jobs/**/*.ts"],
    rules: { "@typescript-eslint/require-await": "off" },
  },
  {
    // Jest's asymmetric matchers are typed as any.
    files: ["**/*.{spec,suite}.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
    },
  },
  {
    // What talks to a person at a terminal, or in the browser's console.
    files: ["src/sandbox/bin.ts", "src/admin/components/guarded.tsx", "integration-tests/**/*.ts"],
    rules: { "no-console": "off" },
  },
)
