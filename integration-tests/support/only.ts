/**
 * The first of a list that cannot be empty, such as what a workflow made.
 *
 * @throws Error when it is empty all the same.
 */
export function only<T>(list: T[] | undefined): T {
  const [first] = list ?? []
  if (first === undefined) {
    throw new Error("the list is empty, where there had to be one")
  }
  return first
}
