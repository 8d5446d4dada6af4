import { systemClock } from "../clock.ts";

/** Waits for something a real process brings about. Fails with `what` after `limitMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number = 20_000,
): Promise<void> {
  const end = systemClock.now() + limitMs;
  while (!(await condition())) {
    if (systemClock.now() > end) throw new Error(`never came: ${what}`);
    await new Promise<void>((resolve) => systemClock.after(10, resolve));
  }
}
