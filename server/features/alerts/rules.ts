import type { AlertRow } from "../../db/alert-rows.ts";

/** Which part of the store to look at; null is all of it. */
export type Ids = readonly string[] | null;

/** Something that holds now and that a person should know of. */
export type Finding = Pick<
  AlertRow,
  | "kind"
  | "subject"
  | "host_id"
  | "repository_id"
  | "job_id"
  | "message"
  | "cause"
>;

/** What is known of an alert that has not been resolved. */
export type Unresolved = Pick<AlertRow, "id" | "kind" | "subject" | "cause">;

export interface Verdict {
  readonly raise: readonly Finding[];
  readonly repeat: readonly {
    readonly id: string;
    readonly finding: Finding;
  }[];
  readonly resolve: readonly Unresolved[];
}

/** What to do so that the alerts say what holds: both sides are of the same hosts and repositories. */
export function compare(
  findings: readonly Finding[],
  unresolved: readonly Unresolved[],
): Verdict {
  const known = new Map(unresolved.map((alert) => [nameOf(alert), alert]));
  const holding = new Set(findings.map(nameOf));
  return {
    raise: findings.filter((finding) => !known.has(nameOf(finding))),
    repeat: findings.flatMap((finding) => {
      const alert = known.get(nameOf(finding));
      return alert === undefined || alert.cause === finding.cause
        ? []
        : [{ id: alert.id, finding }];
    }),
    resolve: unresolved.filter((alert) => !holding.has(nameOf(alert))),
  };
}

function nameOf({ kind, subject }: Pick<Finding, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}
