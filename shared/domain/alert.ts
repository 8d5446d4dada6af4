export const severities = ["warning", "critical"] as const;
export type Severity = (typeof severities)[number];

/** What is told to people. Closed list: append, never rename. `title` is how a page and a notification call it. */
export const alertKinds = {
  backup_failed: { severity: "warning", title: "Backup failed" },
  backup_incomplete: { severity: "warning", title: "Backup incomplete" },
  agent_offline: { severity: "warning", title: "Host offline" },
  stale_schedule: { severity: "warning", title: "Backup overdue" },
  forget_failed: { severity: "warning", title: "Forget failed" },
  prune_failed: { severity: "critical", title: "Prune failed" },
  check_failed: { severity: "critical", title: "Check failed" },
  retention_not_enforced: {
    severity: "warning",
    title: "Retention not enforced",
  },
  stale_lock: { severity: "warning", title: "Stale lock" },
  temporary_key_left: {
    severity: "warning",
    title: "Temporary key not removed",
  },
  clock_skew: { severity: "warning", title: "Clock wrong" },
  repo_unreachable: { severity: "warning", title: "Repository unusable" },
  identity_conflict: { severity: "critical", title: "Identity copied" },
} as const satisfies Record<
  string,
  { readonly severity: Severity; readonly title: string }
>;
export type AlertKind = keyof typeof alertKinds;
export const alertKindNames = Object.keys(alertKinds) as [
  AlertKind,
  ...AlertKind[],
];

/** `open`: nobody has seen it. `acknowledged`: somebody has, and it still holds. `resolved`: over. */
export const alertStates = ["open", "acknowledged", "resolved"] as const;
export type AlertState = (typeof alertStates)[number];

/** What happens to an alert, each told to the channels. */
export const alertMoves = ["raised", "acknowledged", "resolved"] as const;
export type AlertMove = (typeof alertMoves)[number];
