/** Who logs in to the admin of a store that only this machine can reach. */
export const ADMIN = { email: "admin@example.com", password: "kobbopay-demo" }
