/** The words of whatever was thrown, for a log line or a row. */
export const text = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
