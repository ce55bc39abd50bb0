import { useMutation, useQueryClient } from "@tanstack/react-query"

/**
 * Carries out what a person decided. Whatever comes of it, also when somebody else was faster, everything
 * shown of the order is fetched anew before it counts as done.
 */
export function useDecision<Asked, Made>(
  carryOut: (asked: Asked) => Promise<Made>,
  onDone: (made: Made) => void,
) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: carryOut,
    onSuccess: onDone,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["kobbopay"] }),
        client.invalidateQueries({ queryKey: ["orders"] }),
      ]),
  })
}
