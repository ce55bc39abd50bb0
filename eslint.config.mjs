import importX, { createNodeResolver } from "eslint-plugin-import-x"
import tseslint from "typescript-eslint"

/** Which folders of src each folder may import from: money logic has one address, and arrows go one way. */
const HOUSE = {
  kobbopay: [],
  store: ["kobbopay"],
  modules: ["kobbopay", "store"],
  work: ["kobbopay", "store", "modules", "runtime.ts"],
  workflows: ["kobbopay", "store", "modules", "work", "runtime.ts"],
  providers: ["kobbopay", "store", "runtime.ts"],
  subscribers: ["kobbopay", "store", "modules", "work", "workflows", "runtime.ts"],
  jobs: ["kobbopay", "store", "modules", "work", "workflows", "runtime.ts"],
  api: ["kobbopay", "store", "modules", "work", "workflows", "runtime.ts"],
  sandbox: [],
}

const zones = [
  ...Object.entries(HOUSE).map(([folder, allowed]) => ({
    target: `./src/${folder}`,
    from: "./src",
    except: [folder, ...allowed].map((name) => `./${name}`),
    message: `src/${folder} may import from: ${allowed.join(", ") || "nothing else in src"}.`,
  })),
  { target: "./src", from: "./integration-tests", message: "What ships does not know its tests." },
]

export default tseslint.config(
  { ignores: ["node_modules", ".medusa", ".cache", "coverage", "src/modules/*/migrations"] },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [
        createNodeResolver({ extensions: [".ts", ".tsx", ".js", ".json"] }),
      ],
    },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-console": "error",
    },
  },
  {
    // Handlers of Medusa's interfaces are async by contract, with or without something to await.
    files: ["src/providers/**/*.ts"],
    rules: { "@typescript-eslint/require-await": "off" },
  },
  {
    // Jest's asymmetric matchers are typed as any.
    files: ["**/*.spec.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
    },
  },
  {
    // What talks to a person at a terminal.
    files: ["src/sandbox/bin.ts", "integration-tests/**/*.ts"],
    rules: { "no-console": "off" },
  },
)
