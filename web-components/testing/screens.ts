import type { Page } from "playwright-core";
import type { FixtureServer } from "./fixture-server.ts";
import { alertScreens } from "./alert-screens.ts";
import { editorScreens } from "./editor-screens.ts";
import { openToken } from "./fixture-identities.ts";
import { at, day, id, MB, minute, now } from "./moments.ts";
import { fingerprints, hostDetail, pendingHost } from "./seed-hosts.ts";
import { heading, type Screen } from "./screen.ts";
import { repositoryScreens } from "./repository-screens.ts";
import { restoreScreens } from "./restore-screens.ts";
import { progress } from "./seed-jobs.ts";
import { snapshotScreens } from "./snapshot-screens.ts";
import {
  emptyWorld,
  seededWorld,
  userSession,
  visitorSession,
  type World,
} from "./world.ts";

const host = hostDetail("pg-primary").id;
const running = id("RUNpg-primary");

async function openAccept(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Accept laptop-jonas" }).click();
  await page.getByRole("dialog").waitFor();
}

/** Asks for a token whose secrets the server makes. */
async function fillToken(page: Page): Promise<void> {
  await page.getByLabel("Host name").fill("web-03");
  await page
    .getByLabel("Server", { exact: true })
    .fill("https://vault.lan:8000");
  await page.getByLabel("User", { exact: true }).fill("web-03");
  await page.getByRole("button", { name: "Make token" }).click();
  await page.getByLabel("I have saved it").waitFor();
}

function conflictWorld(): World {
  const world = seededWorld();
  const instance = (boot: number, seen: number) => ({
    hostname: "pg-primary",
    boot_time: at(now - boot),
    last_seen_at: at(now - seen),
  });
  world.hosts = world.hosts.map((other) =>
    other.id === host
      ? {
          ...other,
          identity_conflict: {
            since: at(now - 26 * minute),
            instances: [
              instance(12 * day, 12_000),
              instance(40 * minute, 25_000),
            ],
          },
        }
      : other,
  );
  return world;
}

/** A minute of reports of the running job. */
async function withProgress(page: Page, server: FixtureServer): Promise<void> {
  const topic = `job:${running}` as const;
  await server.heard(topic);
  for (let second = 0; second < 60; second += 1) {
    const rate = (110 + 16 * Math.sin(second / 4) + (second % 7) * 3) * MB;
    server.push(topic, {
      type: "job.progress",
      job_id: running,
      progress: progress(61 + second / 50, { rate }),
    });
  }
  await page.getByText("62%").first().waitFor();
}

/** Every page and every state of one that looks different. */
export const screens: readonly Screen[] = [
  { name: "login", path: "/login", world: visitor, ready: heading("Log in") },
  {
    name: "bootstrap",
    path: "/bootstrap?token=abc",
    world: () => visitor(true),
    ready: heading("First administrator"),
  },
  {
    name: "dashboard",
    path: "/",
    world: seededWorld,
    ready: withProgress,
  },
  {
    name: "dashboard-compare",
    path: "/",
    world: seededWorld,
    ready: async (page) => {
      await page
        .getByLabel("terminal of laptop-jonas")
        .fill(fingerprints.laptop);
      await page
        .getByLabel("terminal of web-02")
        .fill(fingerprints.web.replace("b42f", "b420"));
    },
  },
  {
    name: "empty",
    path: "/",
    world: emptyWorld,
    ready: (page) => page.getByText("Listening for announcements").waitFor(),
  },
  {
    name: "viewer",
    path: "/",
    world: () => ({ ...seededWorld(), session: userSession("viewer") }),
    ready: heading("Fleet"),
  },
  {
    name: "loading",
    path: "/",
    world: seededWorld,
    prepare: (server) => server.hang("/api/hosts"),
    ready: (page) => page.getByText("Loading hosts").waitFor(),
  },
  {
    name: "error",
    path: "/",
    world: seededWorld,
    prepare: (server) =>
      server.refuse("GET /api/hosts", {
        status: 500,
        code: "internal",
        message:
          "Something went wrong here; the server's log has the request id.",
      }),
    expected: /status of 500/,
    ready: (page) => page.getByText("This could not be loaded").waitFor(),
  },
  {
    name: "add-host",
    path: "/?add",
    world: () => ({ ...seededWorld(), pending: [] }),
    ready: (page) => page.getByRole("dialog").waitFor(),
  },
  {
    name: "add-host-token",
    path: "/?add=token",
    world: () => ({ ...seededWorld(), tokens: [openToken("db-02")] }),
    ready: (page) => page.getByRole("button", { name: "Make token" }).waitFor(),
  },
  {
    name: "token-made",
    path: "/?add=token",
    world: seededWorld,
    ready: (page) => fillToken(page),
  },
  { name: "accept", path: "/", world: seededWorld, ready: openAccept },
  {
    name: "removed-returns",
    path: "/",
    world: () => ({
      ...seededWorld(),
      pending: [
        pendingHost("web-09", fingerprints.web, {
          removed: { name: "web-09", at: at(now - 3 * day) },
        }),
      ],
    }),
    ready: (page) => page.getByText("which was removed on").waitFor(),
  },
  {
    name: "set-up",
    path: `/hosts/${hostDetail("new-nas").id}?setup`,
    world: seededWorld,
    ready: (page) =>
      page
        .getByRole("button", { name: "Create repository and save" })
        .waitFor(),
  },
  {
    name: "host",
    path: `/hosts/${host}`,
    world: seededWorld,
    ready: (page) => page.getByText("Recent snapshots").waitFor(),
  },
  {
    name: "host-failed",
    path: `/hosts/${hostDetail("ws-erika").id}`,
    world: seededWorld,
    ready: (page) => page.getByText("Recent snapshots").waitFor(),
  },
  {
    name: "host-new",
    path: `/hosts/${hostDetail("new-nas").id}`,
    world: () => ({
      ...seededWorld(),
      jobs: [],
      snapshots: [],
      repositories: [],
      schedules: [],
      sources: [],
    }),
    ready: (page) =>
      page.getByRole("heading", { name: "Set-up is not finished" }).waitFor(),
  },
  {
    name: "host-snapshots",
    path: `/hosts/${host}?tab=snapshots`,
    world: seededWorld,
    ready: (page) =>
      page.getByRole("heading", { name: /\d+ snapshots/ }).waitFor(),
  },
  {
    name: "host-sources",
    path: `/hosts/${host}?tab=sources`,
    world: seededWorld,
    ready: (page) => page.getByText("Left out").waitFor(),
  },
  {
    name: "set-up-missing",
    path: `/hosts/${hostDetail("new-nas").id}?setup`,
    world: () => ({ ...seededWorld(), missingIncludes: ["/hom", "/data"] }),
    ready: async (page) => {
      await page.getByLabel("Server", { exact: true }).fill("https://vault");
      await page.getByLabel("I have saved it").check();
      await page
        .getByRole("button", { name: "Create repository and save" })
        .click();
      await page.getByRole("button", { name: "Change the paths" }).waitFor();
    },
  },
  {
    name: "host-schedules",
    path: `/hosts/${host}?tab=schedules`,
    world: seededWorld,
    ready: (page) => page.getByText("Next runs, host time").waitFor(),
  },
  {
    name: "host-repository",
    path: `/hosts/${host}?tab=repository`,
    world: seededWorld,
    ready: (page) =>
      page.getByRole("button", { name: "Replace credentials" }).click(),
  },
  {
    name: "host-jobs",
    path: `/hosts/${host}?tab=jobs`,
    world: seededWorld,
    ready: (page) =>
      page
        .getByText("Show older jobs")
        .or(page.getByRole("table"))
        .first()
        .waitFor(),
  },
  {
    name: "host-settings",
    path: `/hosts/${host}?tab=settings`,
    world: seededWorld,
    ready: (page) => page.getByText("Keys so far").waitFor(),
  },
  {
    name: "host-remove",
    path: `/hosts/${host}?tab=settings`,
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Remove host" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "host-rotate",
    path: `/hosts/${host}?tab=settings`,
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Replace key" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "host-rotated",
    path: `/hosts/${host}?tab=settings`,
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Replace key" }).click();
      await page.getByRole("button", { name: "Replace key" }).last().click();
      await page.getByRole("button", { name: "Done" }).waitFor();
    },
  },
  {
    name: "host-conflict",
    path: `/hosts/${host}`,
    world: conflictWorld,
    ready: (page) => page.getByRole("alert").waitFor(),
  },
  {
    name: "dashboard-conflict",
    path: "/",
    world: conflictWorld,
    ready: (page) => page.getByText("2 machines, one key").waitFor(),
  },
  {
    name: "jobs",
    path: "/jobs",
    world: seededWorld,
    ready: (page) => page.getByRole("table").waitFor(),
  },
  {
    name: "job",
    path: `/jobs/${running}`,
    world: seededWorld,
    ready: async (page, server) => {
      await page.getByText(/^\d+ lines/).waitFor();
      await withProgress(page, server);
    },
  },
  {
    name: "stream-fault",
    path: `/jobs/${running}`,
    world: () => {
      const world = seededWorld();
      return { ...world, log: world.log.filter(({ n }) => n < 40 || n > 51) };
    },
    ready: async (page, server) => {
      await page
        .getByText("12 lines did not reach the server")
        .waitFor({ state: "attached" });
      await server.heard("fleet");
      server.push("fleet", {
        type: "error",
        code: "internal",
        message:
          "Something went wrong here; the server's log has the request id.",
        request_id: "01JDZ7M3QK8WB9X2T5V6Y4C1HN",
      });
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "job-failed",
    path: `/jobs/${id("PAST001")}`,
    world: seededWorld,
    ready: (page) => page.getByText(/^\d+ lines/).waitFor(),
  },
  ...alertScreens,
  ...editorScreens,
  ...repositoryScreens,
  ...snapshotScreens,
  ...restoreScreens,
  {
    name: "account",
    path: "/account",
    world: seededWorld,
    ready: (page) => page.getByText("0123456789ab").waitFor(),
  },
  {
    name: "not-found",
    path: "/nowhere",
    world: seededWorld,
    ready: heading("There is nothing at this address"),
  },
];

function visitor(bootstrap = false): World {
  return { ...emptyWorld(), session: visitorSession(bootstrap) };
}
