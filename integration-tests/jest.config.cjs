/** All tests, in projects: pure parts beside their code, the booted store, faults from outside, and the package. */
const shared = {
  rootDir: require("node:path").join(__dirname, ".."),
  testEnvironment: "node",
  moduleFileExtensions: ["ts", "tsx", "js", "cjs", "json"],
  modulePathIgnorePatterns: ["<rootDir>/.medusa/"],
  transform: {
    "^.+\\.(ts|tsx|js)$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2022",
          parser: { syntax: "typescript", tsx: true, decorators: true },
          transform: { react: { runtime: "automatic" } },
        },
      },
    ],
  },
}

module.exports = {
  rootDir: require("node:path").join(__dirname, ".."),
  // A slow machine is no fault of what is tested.
  testTimeout: 60_000,
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: [
        "<rootDir>/src/**/__tests__/**/*.unit.spec.ts",
        "<rootDir>/integration-tests/*/*.unit.spec.ts",
      ],
    },
    {
      ...shared,
      displayName: "store",
      testMatch: ["<rootDir>/integration-tests/http/**/*.spec.ts"],
      globalSetup: "<rootDir>/integration-tests/support/jest-setup.ts",
      globalTeardown: "<rootDir>/integration-tests/support/jest-teardown.ts",
      setupFiles: ["<rootDir>/integration-tests/support/jest-file.ts"],
    },
    {
      ...shared,
      displayName: "faults",
      testMatch: ["<rootDir>/integration-tests/faults/**/*.spec.ts"],
    },
    {
      ...shared,
      displayName: "package",
      testMatch: ["<rootDir>/integration-tests/package/**/*.spec.ts"],
    },
  ],
}
