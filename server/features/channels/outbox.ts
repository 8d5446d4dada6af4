import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Notices } from "../../ports/notices.ts";
import type { Random } from "../../random.ts";
import * as store from "./store.ts";

/** Keeps what happened for every channel that takes it. */
export function createOutbox(deps: {
  random: Random;
  clock: Clock;
  wake: () => void;
}): Notices {
  return {
    async put(trx, notice) {
      const now = toTimestamp(deps.clock.now());
      const { id, severity } = notice.alert;
      for (const channel_id of await store.takersOf(trx, severity))
        await store.insertNotification(trx, {
          id: deps.random.id(),
          channel_id,
          alert_id: id,
          notice: JSON.stringify(notice),
          state: "waiting",
          attempts: 0,
          next_at: now,
          created_at: now,
        });
    },
    wake: deps.wake,
  };
}
