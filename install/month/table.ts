export interface HostRow {
  readonly name: string;
  readonly zone: string;
  /** Fires of its schedule. */
  readonly expected: number;
  readonly onTime: number;
  /** How late the latest of them began. */
  readonly latestMs: number;
  /** Backups that made up, once each, for fires that were missed. */
  readonly caughtUp: number;
  /** Fires nobody was there for, by reason, as the host's page says. */
  readonly missed: Readonly<Record<string, number>>;
  readonly made: number;
  readonly kept: number;
  /** What restic's own forget would keep. */
  readonly own: number;
}

export interface UpkeepRow {
  readonly repository: string;
  readonly kind: string;
  readonly expected: number;
  readonly done: number;
}

export interface Outcome {
  readonly hosts: readonly HostRow[];
  readonly upkeep: readonly UpkeepRow[];
  readonly alerts: Readonly<Record<string, number>>;
  readonly differences: readonly string[];
}

/** The last lines: every difference in words, the tables, and their number. */
export function tableOf(outcome: Outcome): string {
  const { hosts, upkeep, alerts, differences } = outcome;
  return [
    ...differences.map((text) => `difference: ${text}`),
    ...columns([
      [
        "host",
        "zone",
        "fires",
        "on time",
        "latest",
        "missed",
        "caught up by",
        "snapshots",
        "kept",
        "restic keeps",
      ],
      ...hosts.map((row) => [
        row.name,
        row.zone,
        row.expected,
        row.onTime,
        `${(row.latestMs / 1000).toFixed(1)} s`,
        textOf(row.missed),
        row.caughtUp,
        row.made,
        row.kept,
        row.own,
      ]),
    ]),
    "",
    ...columns([
      ["repository", "upkeep", "fires", "done"],
      ...upkeep.map((row) => [
        row.repository,
        row.kind,
        row.expected,
        row.done,
      ]),
    ]),
    "",
    `alerts, all over: ${textOf(alerts)}`,
    `differences=${differences.length}`,
    "",
  ].join("\n");
}

function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => String(cell).padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

export function textOf(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).toSorted(([a], [b]) =>
    a.localeCompare(b),
  );
  return entries.map(([name, count]) => `${name} ${count}`).join(", ") || "-";
}
