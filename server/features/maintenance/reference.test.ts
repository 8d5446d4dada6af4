import { expect, test } from "bun:test";
import { repository } from "@restic-manager/shared/api/repos.ts";
import {
  defaultMaintenance,
  skipReasons,
  upkeepKinds,
} from "@restic-manager/shared/domain/maintenance.ts";
import { tableRows } from "../../testing/markdown-table.ts";

const rows = tableRows("docs/maintenance.md");
const inCode = (text = "") => /`([^`]+)`/.exec(text)?.[1];

test("the manual names every reason for which nothing is removed, or upkeep is skipped [MNT-03]", () => {
  const { reason } = repository.shape.retention.shape;
  const told = rows.map(([first]) => inCode(first)).filter(Boolean);
  expect(told.toSorted()).toEqual(
    [...reason.unwrap().options, ...skipReasons].toSorted(),
  );
});

test("the manual tells the times at which upkeep runs by itself [MNT-01]", () => {
  for (const kind of upkeepKinds) {
    const row = rows.find(([first]) => first?.toLowerCase() === kind) ?? [];
    expect([kind, inCode(row[2])]).toEqual([
      kind,
      defaultMaintenance[kind].cron,
    ]);
  }
});
