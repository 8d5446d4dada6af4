import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import { findForgets, findPolicies } from "./retention-store.ts";
import type { ForgetRecord, Ids, Policies } from "./retention-store.ts";

/** Whether the success that a cron text should have brought is missing. */
export type IsOverdue = (
  waiting: { cron: string; tz: string; since: number; alwaysOn: boolean },
  now: number,
) => boolean;

export interface RetentionState {
  readonly repository_id: string;
  readonly name: string;
  readonly created_at: string;
  readonly state: Repository["retention"]["state"];
  readonly reason: Repository["retention"]["reason"];
  /** Of `not_enforced`: since when that is so, as far as it is known. */
  readonly since: string;
}

/** Whether what people want to keep, and no more, is what repositories keep. */
export interface RetentionStates {
  /** Of these repositories, or of all; a few statements, however many there are. */
  of(db: Db | Trx, ids: Ids, now: number): Promise<RetentionState[]>;
}

export function createRetentionStates(isOverdue: IsOverdue): RetentionStates {
  return {
    async of(db, ids, now) {
      const policies = await findPolicies(db, ids);
      const forgets = await findForgets(db, ids);
      return forgets.map((forget) => ({
        repository_id: forget.id,
        name: forget.name,
        created_at: forget.created_at,
        ...judge(forget, policies.get(forget.id) ?? none, now, isOverdue),
      }));
    },
  };
}

const none: Policies = { policies: [], clashing: [] };

function judge(
  forget: ForgetRecord,
  { policies, clashing }: Policies,
  now: number,
  isOverdue: IsOverdue,
): Pick<RetentionState, "state" | "reason" | "since"> {
  const wanted = [...policies, ...clashing].map(({ since }) => since).sort();
  const [oldest] = wanted;
  const { admin_since, worked_at, failed_at, last_state } = forget;
  const broken = (reason: RetentionState["reason"], since: string) => ({
    state: "not_enforced" as const,
    reason,
    since,
  });
  if (oldest === undefined) {
    return { state: "off", reason: null, since: forget.created_at };
  }
  if (admin_since === null) return broken("admin_credential_missing", oldest);
  if (forget.enabled === 0) return broken("forget_off", worked_at ?? oldest);
  if (failed_at !== null && (last_state === "failed" || last_state === "lost"))
    return broken("forget_failing", failed_at);
  if (clashing.length > 0) return broken("names_clash", oldest);
  const [since = oldest] = [oldest, admin_since, worked_at ?? ""]
    .toSorted()
    .reverse();
  const waiting = {
    cron: forget.cron,
    tz: forget.runner_tz ?? forget.first_tz ?? "UTC",
    since: Date.parse(since),
    alwaysOn: (forget.runner_always_on ?? forget.any_always_on) === 1,
  };
  if (isOverdue(waiting, now)) return broken("forget_overdue", since);
  return { state: "on", reason: null, since };
}
