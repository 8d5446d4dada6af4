import type {
  AuditEntryView,
  AuditList,
  AuditQuery,
} from "@restic-manager/shared/api/audit.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { AuditRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import { listAudit } from "./store.ts";

/** The record of changes, to read. Nothing here writes. */
export interface AuditLog {
  page(query: AuditQuery): Promise<AuditList>;
}

export function createAuditLog(db: Db): AuditLog {
  return {
    async page({ since, ...query }) {
      const { limit } = query;
      const rows = await listAudit(db, {
        ...query,
        // As rows are written: texts of different precision do not compare.
        since: since && toTimestamp(Date.parse(since)),
        limit: limit + 1,
      });
      const entries = rows.slice(0, limit).map(view);
      return {
        entries,
        next_cursor: rows.length > limit ? (entries.at(-1)?.id ?? null) : null,
      };
    },
  };
}

function view({
  target_kind,
  target_id,
  payload,
  ...row
}: AuditRow): AuditEntryView {
  return {
    ...row,
    target:
      target_kind === null || target_id === null
        ? null
        : { kind: target_kind, id: target_id },
    payload: JSON.parse(payload) as Record<string, unknown>,
  };
}
