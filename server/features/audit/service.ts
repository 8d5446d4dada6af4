import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { redactUrls } from "@restic-manager/shared/redact.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Random } from "../../random.ts";
import { insertAudit } from "./store.ts";

export function createAudit(deps: {
  readonly clock: Clock;
  readonly random: Random;
}): Audit {
  return {
    record: (trx, by, { action, target, payload = {} }) =>
      insertAudit(trx, {
        id: deps.random.id(),
        ts: toTimestamp(deps.clock.now()),
        actor_kind: by.kind,
        actor_id: by.id,
        actor_name: by.name,
        ip: by.ip,
        request_id: by.requestId,
        action,
        target_kind: target?.kind ?? null,
        target_id: target?.id ?? null,
        // Text by text: over the whole an address and a later `@` would swallow what stands between them.
        payload: JSON.stringify(payload, (_name, value: unknown) =>
          typeof value === "string" ? redactUrls(value) : value,
        ),
      }),
  };
}
