/** Tests that need a redis-server on the PATH, so that `npm test` does not. */
const { projects } = require("../jest.config.cjs")

const faults = projects.find(({ displayName }) => displayName === "faults")

module.exports = {
  ...faults,
  displayName: "redis",
  testMatch: ["<rootDir>/integration-tests/redis/**/*.spec.ts"],
}
