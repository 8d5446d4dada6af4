import type { Page } from "playwright-core";
import { at, day, hour, id, minute, now } from "./moments.ts";
import type { Screen } from "./screen.ts";
import { hostDetail } from "./seed-hosts.ts";
import { job, logLine } from "./seed-jobs.ts";
import {
  lock,
  maintenance,
  noAdmin,
  repository,
  repositoryId,
  upkeep,
} from "./seed-repositories.ts";
import { seededWorld, userSession, type World } from "./world.ts";

const path = `/repositories/${repositoryId}`;
const loaded = (page: Page) =>
  page.getByRole("region", { name: "Upkeep" }).waitFor();

/** Nothing that should have happened did. */
function neglectedWorld(): World {
  return {
    ...seededWorld(),
    repositories: [
      repository({
        admin: noAdmin,
        append_only: "no",
        retention: {
          state: "not_enforced",
          reason: "admin_credential_missing",
        },
        stats: {
          ...repository().stats,
          last_check_ok: false,
          last_prune_at: null,
          last_forget_at: null,
          locks: [lock(), lock({ id: "a".repeat(64), state: "live" })],
        },
      }),
    ],
    maintenance: maintenance({
      upkeep: [
        upkeep("forget", 17, null, "succeeded", {
          at: at(now - 7 * hour),
          reason: "admin_credential_missing",
        }),
        upkeep("prune", 162, null),
        upkeep("check", 211, 21 * 24, "failed"),
      ],
    }),
  };
}

/** Upkeep of the repository beside its backups. */
function upkeepJobs(): World {
  const world = seededWorld();
  world.jobs.splice(
    3,
    0,
    forgetJob,
    job(id("PRUNE"), {
      kind: "prune",
      actor: "system",
      host_name: "nas-01",
      queued_at: at(now - 7 * day),
      started_at: at(now - 7 * day),
      finished_at: at(now - 7 * day + 40 * minute),
      source_group_id: null,
      source_group_name: null,
      upkeep: { bytes_freed: 41e9 },
    }),
  );
  world.log = [
    logLine(1, {
      k: "info",
      s: "system",
      l: "forget group default of pg-primary",
    }),
    logLine(2, { k: "info", l: "keep 31 snapshots, remove 9 snapshots" }),
  ];
  return world;
}

const forgetJob = job(id("FORGET"), {
  kind: "forget",
  actor: "system",
  host_name: "nas-01",
  schedule_id: null,
  source_group_id: null,
  source_group_name: null,
  queued_at: at(now - 3 * day),
  started_at: at(now - 3 * day),
  finished_at: at(now - 3 * day + 2 * minute),
  command:
    "restic forget --json --host pg-primary --tag default --group-by tags --keep-daily 7",
  log_lines: 2,
  upkeep: {
    snapshots_before: 739,
    snapshots_after: 730,
    groups: [
      { host: "pg-primary", tag: "default", kept: 31, removed: 8 },
      { host: "pg-primary", tag: "database", kept: 14, removed: 1 },
    ],
  },
});

/** The page of a repository, and jobs that are not backups. */
export const repositoryScreens: readonly Screen[] = [
  { name: "repository", path, world: upkeepJobs, ready: loaded },
  {
    name: "repository-neglected",
    path,
    world: neglectedWorld,
    ready: loaded,
  },
  {
    name: "repository-viewer",
    path,
    world: () => ({ ...neglectedWorld(), session: userSession("viewer") }),
    ready: loaded,
  },
  {
    name: "repository-upkeep-edit",
    path,
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Change upkeep" }).click();
      await page.getByLabel("Done by").waitFor();
    },
  },
  {
    name: "repository-admin-edit",
    path,
    world: neglectedWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Set admin credential" }).click();
      await page.getByText("Other access").click();
      await page.getByLabel("Another address").waitFor();
    },
  },
  {
    name: "repository-prune",
    path,
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Run now: prune" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "repository-check",
    path,
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Run now: check" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "host-old-restic",
    path: `/hosts/${hostDetail("pg-primary").id}`,
    world: () => {
      const world = neglectedWorld();
      world.hosts = world.hosts.map((host) => ({
        ...host,
        restic: host.restic && {
          ...host.restic,
          version: "0.14.0",
          source: "path",
        },
      }));
      return world;
    },
    ready: (page) => page.getByText("restic 0.14.0 is old").waitFor(),
  },
  {
    name: "host-repositories",
    path: `/hosts/${hostDetail("pg-primary").id}?tab=repository`,
    world: neglectedWorld,
    ready: loaded,
  },
  {
    name: "dashboard-tags",
    path: "/?tags=prod",
    world: seededWorld,
    ready: (page) =>
      page.getByRole("button", { name: "prod", pressed: true }).waitFor(),
  },
  {
    name: "jobs-filtered",
    path: "/jobs?kind=forget&by=system&from=2026-11-01",
    world: upkeepJobs,
    ready: (page) =>
      page.getByText("9 snapshots removed").waitFor({ state: "attached" }),
  },
  {
    name: "jobs-none",
    path: "/jobs?kind=unlock&repository=" + repositoryId,
    world: seededWorld,
    ready: (page) => page.getByText("No job is like this").waitFor(),
  },
  {
    name: "job-forget",
    path: `/jobs/${forgetJob.id}`,
    world: upkeepJobs,
    ready: (page) => page.getByText("2 lines").waitFor(),
  },
  {
    name: "job-waiting",
    path: `/jobs/${id("WAITS")}`,
    world: () => {
      const world = seededWorld();
      world.jobs.unshift(
        job(id("WAITS"), {
          ...forgetJob,
          id: id("WAITS"),
          kind: "prune",
          state: "queued",
          started_at: null,
          finished_at: null,
          command: null,
          upkeep: null,
          exit_code: null,
        }),
      );
      world.log = [];
      return world;
    },
    ready: (page) =>
      page.getByText("Another job uses the repository").waitFor(),
  },
  {
    name: "job-search",
    path: `/jobs/${id("PAST001")}?q=while+it+was+read&issues=1`,
    world: seededWorld,
    ready: (page) => page.getByText(/^\d lines? found$/).waitFor(),
  },
];
