import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Config } from "../config.ts";
import { openExistingData } from "./open-data.ts";
import { createEvents } from "../events.ts";
import { createAudit } from "../features/audit/service.ts";
import { createLoginThrottle } from "../features/auth/login-throttle.ts";
import { createPasswords } from "../features/auth/password.ts";
import { createAuth } from "../features/auth/service.ts";
import { createLog } from "../log.ts";
import type { Random } from "../random.ts";
import { readNewPassword } from "./read-password.ts";

/** For whoever has lost a password: works beside a running server, whose next request no longer knows the sessions. */
export async function resetPassword(
  config: Config,
  clock: Clock,
  random: Random,
  name: string,
): Promise<void> {
  const write = (text: string) => void process.stderr.write(text);
  const log = createLog({ level: "info", format: "pretty", clock, write });
  const { store } = openExistingData(config, random);
  try {
    const auth = createAuth({
      db: store.db,
      tx: store.tx,
      audit: createAudit({ clock, random }),
      events: createEvents(log),
      passwords: createPasswords(),
      throttle: createLoginThrottle(clock),
      clock,
      random,
    });
    await auth.resetPassword(name, () => readNewPassword(process.stdin, write));
  } finally {
    await store.close();
  }
}
