/**
 * The words of whatever was thrown, for a log line or a row. Of a database's error only its own words:
 * the message in front of them repeats the statement together with its values.
 */
export function errorText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const isDatabases = "severity" in cause && "code" in cause
  return isDatabases ? (cause.message.split(" - ").at(-1) ?? "") : cause.message
}
