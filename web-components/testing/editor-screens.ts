import { at, day, id, now } from "./moments.ts";
import { newGroup, newSchedule } from "./fixture-editors.ts";
import type { Screen } from "./screen.ts";
import { hostDetail } from "./seed-hosts.ts";
import { seededWorld, userSession, type World } from "./world.ts";

const host = hostDetail("pg-primary").id;

/** Two groups, three schedules, one with a past, and hooks. */
export function editedWorld(): World {
  const world = seededWorld();
  const [first] = world.sources;
  const [daily] = world.schedules;
  const database = {
    ...newGroup(id("DBGROUP")),
    name: "database",
    includes: ["/var/backups/postgresql"],
    retention: { hourly: 24, daily: 30, within: "2d" },
    schedule_ids: [id("NIGHTLY")],
    conflict: "hourly" as const,
    hooks: { pre: "group" as const, post: "host" as const, unreadable: false },
  };
  return {
    ...world,
    sources: [first!, database],
    schedules: [
      {
        ...daily!,
        missed: [
          {
            reason: "agent_down",
            source_group_id: null,
            first_due_at: at(now - 9 * day),
            last_due_at: at(now - 6 * day),
            count: 4,
            caught_up_by: [id("CAUGHTUP")],
            attempts: 0,
          },
          {
            reason: "abandoned",
            source_group_id: first!.id,
            first_due_at: at(now - 3 * day),
            last_due_at: at(now - 3 * day),
            count: 1,
            caught_up_by: [],
            attempts: 4,
          },
        ],
      },
      {
        ...newSchedule(id("NIGHTLY")),
        cron: "30 3 * * 1-5",
        group_ids: [database.id, first!.id],
        applied: true,
        next: [1, 2, 3, 4, 5].map((n) => at(Date.UTC(2026, 10, 22 + n, 2, 30))),
      },
      {
        ...newSchedule(id("OLD")),
        cron: "*/15 8-18 * * *",
        enabled: false,
        group_ids: [first!.id],
        applied: true,
      },
    ],
    hostHooks: {
      hooks: {
        pre: null,
        post: "systemctl start wiki\n",
        timeout_s: 600,
        shell: ["/bin/bash", "-c"],
      },
      unreadable: false,
    },
    groupHooks: {
      [database.id]: {
        hooks: {
          pre: "set -eu\npg_dump --format=custom --file=/var/backups/postgresql/app.dump app\n",
          post: null,
          timeout_s: 1800,
        },
        unreadable: false,
      },
    },
  };
}

/** A laptop that is away, with settings that wait for it. */
export function asleepWorld(): World {
  const world = editedWorld();
  const laptop = hostDetail("laptop-jonas", {
    health: "asleep",
    online: false,
    last: 30,
    next: -6,
    snapshots: 41,
    tags: ["laptop"],
  });
  return {
    ...world,
    hosts: [{ ...laptop, cfg_rev: 5 }, ...world.hosts],
    pending: [],
    schedules: world.schedules.map((schedule) => ({
      ...schedule,
      applied: false,
    })),
  };
}

const laptop = hostDetail("laptop-jonas").id;

/** The editors of what a host backs up, when, and what runs around it. */
export const editorScreens: readonly Screen[] = [
  {
    name: "host-sources-two",
    path: `/hosts/${host}?tab=sources`,
    world: editedWorld,
    ready: (page) => page.getByText("adds nothing").waitFor(),
  },
  {
    name: "source-edit",
    path: `/hosts/${host}/sources/${id("SOURCE")}`,
    world: editedWorld,
    ready: (page) => page.getByText("in the long run").waitFor(),
  },
  {
    name: "source-new",
    path: `/hosts/${host}/sources/new`,
    world: () => ({
      ...editedWorld(),
      repositories: [
        ...seededWorld().repositories,
        { ...seededWorld().repositories[0]!, id: id("REPO2"), name: "offsite" },
      ],
    }),
    ready: async (page) => {
      await page.getByLabel("Name").fill("Photos");
      await page.getByText("By age or tag").click();
      await page.getByRole("button", { name: "Save source group" }).click();
      await page.getByText("Use 1 to 64 lower-case").waitFor();
    },
  },
  {
    name: "source-delete",
    path: `/hosts/${host}?tab=sources`,
    world: editedWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Delete database" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "host-schedules-missed",
    path: `/hosts/${host}?tab=schedules`,
    world: editedWorld,
    ready: (page) => page.getByText("5 runs missed in 30 days").waitFor(),
  },
  {
    name: "schedule-edit",
    path: `/hosts/${host}/schedules/${id("NIGHTLY")}`,
    world: editedWorld,
    ready: (page) => page.getByText("Next runs, host time").waitFor(),
  },
  {
    name: "source-newer",
    path: `/hosts/${host}/sources/${id("SOURCE")}`,
    world: editedWorld,
    expected: /status of 409/,
    ready: async (page, { world }) => {
      await page.getByLabel("Paths to back up").fill("/mine");
      world.sources = world.sources.map((group) => ({
        ...group,
        revision: "2",
      }));
      await page.getByRole("button", { name: "Save source group" }).click();
      await page.getByText("Somebody else has changed").waitFor();
    },
  },
  {
    name: "source-leave",
    path: `/hosts/${host}/sources/${id("SOURCE")}`,
    world: editedWorld,
    ready: async (page) => {
      await page.getByLabel("Paths to back up").fill("/mine");
      await page.getByRole("link", { name: "Cancel" }).click();
      await page.getByText("Leave without saving?").waitFor();
    },
  },
  {
    name: "schedule-bad",
    path: `/hosts/${host}/schedules/new`,
    world: editedWorld,
    expected: /status of 400/,
    ready: async (page) => {
      await page.getByText("Custom").click();
      await page.getByLabel("Cron text").fill("0 0 2 * * *");
      await page.getByText("Use five cron fields").waitFor();
    },
  },
  {
    name: "host-hooks",
    path: `/hosts/${host}?tab=hooks`,
    world: editedWorld,
    ready: (page) => page.getByText("pg_dump").waitFor(),
  },
  {
    name: "host-hooks-edit",
    path: `/hosts/${host}?tab=hooks`,
    world: () => {
      const world = editedWorld();
      const stored = world.groupHooks[id("DBGROUP")]!;
      return {
        ...world,
        groupHooks: {
          [id("DBGROUP")]: stored,
          [id("SOURCE")]: { ...stored, unreadable: true },
        },
      };
    },
    ready: async (page) => {
      await page.getByRole("button", { name: "Edit hooks: database" }).click();
      await page.getByRole("button", { name: /Edit hooks: Defaults/ }).click();
      await page.getByRole("button", { name: "Save hooks" }).last().waitFor();
    },
  },
  {
    name: "host-run",
    path: `/hosts/${hostDetail("nas-01").id}?run`,
    world: editedWorld,
    ready: async (page) => {
      await page.getByText("For this run").click();
      await page.getByLabel("Upload limit, KiB/s").fill("2048");
    },
  },
  {
    name: "host-settings-viewer",
    path: `/hosts/${host}?tab=settings`,
    world: () => ({ ...editedWorld(), session: userSession("viewer") }),
    ready: (page) => page.getByText("Keys so far").waitFor(),
  },
  {
    name: "host-asleep",
    path: `/hosts/${laptop}?tab=schedules`,
    world: asleepWorld,
    ready: (page) =>
      page.getByText("takes over the newest settings").first().waitFor(),
  },
  {
    name: "dashboard-asleep",
    path: "/",
    world: asleepWorld,
    ready: (page) => page.getByText("Not always on").waitFor(),
  },
];
