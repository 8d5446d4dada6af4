import { expect, test } from "bun:test";
import { defaultMaintenance } from "@restic-manager/shared/domain/maintenance.ts";
import { at, now } from "../testing/moments.ts";
import {
  maintenance,
  noAdmin,
  repository,
  upkeep,
} from "../testing/seed-repositories.ts";
import { startRefusal, upkeepState } from "./upkeep-words.ts";

const settings = { ...defaultMaintenance, runner_host_id: null };

test.each([
  ["on", "forget", {}, {}, ""],
  [
    "off",
    "prune",
    {},
    { settings: { ...settings, prune: { cron: "0 4 * * 0", enabled: false } } },
    "Switched off.",
  ],
  [
    "off",
    "forget",
    { retention: { state: "off", reason: null } },
    {},
    "No source group has a retention policy",
  ],
  ["incomplete", "prune", { admin: noAdmin }, {}, "Needs an admin credential"],
  ["on", "check", { admin: noAdmin }, {}, ""],
  ["incomplete", "check", {}, { settings, runners: [] }, "No host can do it."],
  [
    "incomplete",
    "check",
    {},
    { runners: [] },
    "The host chosen for it is no longer here.",
  ],
  [
    "failing",
    "check",
    {},
    { upkeep: [upkeep("check", 9, 21, "failed")] },
    "The last one failed.",
  ],
  [
    "failing",
    "prune",
    {},
    {
      upkeep: [
        upkeep("prune", 9, 21, "succeeded", {
          at: at(now),
          reason: "host_offline",
        }),
      ],
    },
    "Left out 22 Nov, 10:41: the host that does it was offline.",
  ],
  [
    "failing",
    "forget",
    { retention: { state: "not_enforced", reason: "forget_overdue" } },
    {},
    "Not enforced: forget has not run at its time.",
  ],
] as const)(
  "upkeep is %s, and says why [UI-14]: %s %#",
  (state, kind, ofRepository, ofMaintenance, reason) => {
    const feature = upkeepState(
      kind,
      repository(ofRepository),
      maintenance(ofMaintenance as Parameters<typeof maintenance>[0]),
    );
    expect(feature.state).toBe(state);
    expect(feature.reason).toStartWith(reason);
  },
);

test("what cannot be started says why [MNT-06]", () => {
  const offline = maintenance().runners.map((runner) => ({
    ...runner,
    online: false,
  }));
  expect([
    startRefusal("prune", repository(), maintenance()),
    startRefusal("prune", repository({ admin: noAdmin }), maintenance()),
    startRefusal("check", repository({ admin: noAdmin }), maintenance()),
    startRefusal("check", repository(), maintenance({ runners: offline })),
    startRefusal(
      "unlock",
      repository(),
      maintenance({ settings, runners: offline }),
    ),
  ]).toEqual([
    "",
    "Set an admin credential first",
    "",
    "nas-01 is offline",
    "pg-primary is offline",
  ]);
});
