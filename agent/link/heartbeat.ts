import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Random } from "../random.ts";

/** Calls `beat` every `intervalMs` ± 10 %, so that a fleet that came back at once spreads out. */
export function startHeartbeat(
  { clock, random }: { clock: Clock; random: Random },
  intervalMs: number,
  beat: () => void,
): Cancel {
  const next = () =>
    clock.after(intervalMs * (0.9 + random.fraction() * 0.2), tick);
  let cancel = next();
  function tick(): void {
    cancel = next();
    beat();
  }
  return () => cancel();
}
