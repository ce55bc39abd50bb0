/** Headers in the form in which they are sent, a repeated one once for each of its values. */
export const rawHeaders = (headers: Record<string, string | string[] | undefined>): string[] =>
  Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().flatMap((one) => [name, one]),
  )
