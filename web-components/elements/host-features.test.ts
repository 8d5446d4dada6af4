import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { expect, test } from "bun:test";
import { hostDetail } from "../testing/seed-hosts.ts";
import { repository } from "../testing/seed-repositories.ts";
import { seededWorld } from "../testing/world.ts";
import { type FeatureParts, hostFeatures } from "./host-features.ts";

function featuresOf(more: Partial<FeatureParts> = {}): string[] {
  const { sources, schedules } = seededWorld();
  return hostFeatures({
    host: hostDetail("nas"),
    groups: sources,
    schedules,
    repositories: [repository()],
    ...more,
  }).map(({ name, state, reason }) =>
    [name, state, reason].filter(Boolean).join(": "),
  );
}

function schedulesWith(more: Partial<Schedule>): Schedule[] {
  return seededWorld().schedules.map((schedule) => ({ ...schedule, ...more }));
}

function groupsWith(more: Partial<SourceGroup>): SourceGroup[] {
  return seededWorld().sources.map((group) => ({ ...group, ...more }));
}

test("a host in order has everything on but what nobody asked for [UI-14]", () => {
  expect(featuresOf()).toEqual([
    "Backups: on",
    "Retention: on",
    "Integrity check: on",
    "Hooks: off: Nothing runs around backups.",
  ]);
});

test.each([
  [{ schedules: [] }, "Backups: off: Only when somebody starts one."],
  [
    { schedules: schedulesWith({ enabled: false }) },
    "Backups: off: Only when somebody starts one.",
  ],
  [
    { schedules: schedulesWith({ problem: "No such zone." }) },
    "Backups: failing: No such zone.",
  ],
  [
    { host: hostDetail("nas", { health: "failed", error: "Locked." }) },
    "Backups: failing: Locked.",
  ],
  [
    { groups: groupsWith({ id: "other", name: "mail" }) },
    "Backups: incomplete: No schedule runs the source group mail.",
  ],
  [
    { schedules: schedulesWith({ applied: false }) },
    "Backups: incomplete: The agent has not taken over the newest settings yet.",
  ],
  [
    {
      groups: groupsWith({
        hooks: { pre: "group", post: "none", unreadable: true },
      }),
    },
    "Hooks: failing: Those of default cannot be decrypted; its backups fail until they are entered again.",
  ],
  [
    {
      groups: groupsWith({
        hooks: { pre: "host", post: "none", unreadable: false },
      }),
    },
    "Hooks: on",
  ],
  [
    {
      repositories: [
        repository({
          stats: { ...repository().stats, last_check_ok: false },
        }),
      ],
    },
    "Integrity check: failing: The last one found errors.",
  ],
  [
    {
      repositories: [
        repository({
          retention: { state: "not_enforced", reason: "forget_off" },
        }),
        repository({
          name: "offsite",
          retention: { state: "off", reason: null },
        }),
      ],
    },
    "Retention of offsite: off: Every snapshot is kept.",
  ],
] satisfies [Partial<FeatureParts>, string][])(
  "what is not simply on says why [UI-14] %#",
  (more, expected) => expect(featuresOf(more)).toContain(expected),
);
