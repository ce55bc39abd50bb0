import { kobbopay, workerOf } from "../work/worker-of"

/** Works whatever is due: what a webhook did not reach, what was left by a process that died, expiries. */
export default function sweep(): void {
  const service = kobbopay()
  if (service.settings.sweep === "scheduled") workerOf(service).wake()
}

export const config = {
  name: "kobbopay-sweep",
  schedule: { interval: 5_000 },
}
