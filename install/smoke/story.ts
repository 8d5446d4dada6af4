import {
  deepStrictEqual,
  match,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
} from "node:assert";
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import {
  accept,
  type Agent,
  enrolAgent,
  online,
  pendingOf,
} from "../e2e/rig/agent.ts";
import { bootstrap } from "../e2e/rig/api.ts";
import { jobsOf, logOf, setUp, snapshotsOf } from "../e2e/rig/jobs.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { writeFiles } from "../e2e/rig/repository.ts";
import {
  adminPassword,
  bootstrapUrl,
  type Server,
  startServer,
} from "../e2e/rig/server.ts";
import type { Host, Job } from "../e2e/rig/types.ts";
import { change } from "../e2e/rig/upkeep.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import type { Report } from "../lib/report.ts";
import { say } from "../lib/step.ts";
import type { Release } from "./release.ts";
import {
  backUp,
  fetchAgent,
  placesIn,
  putServer,
  restore,
  type Site,
  type Taken,
} from "./site.ts";

export interface Story {
  readonly lab: Lab;
  readonly report: Report;
  readonly from: Release;
  readonly to: Release;
}

/** Installs one release, upgrades it to another and goes back, as docs/control-plane.md says. */
export async function play(story: Story): Promise<void> {
  const site = await install(story);
  const first = await use(story, site, "in the beginning");
  const upgraded = await upgrade(story, site, first);
  await rollBack(story, site, first, upgraded);
}

const note = (text: string): void => say(`               ${text}`);

/** Empty folders, a server, an administrator, an approved host, a repository. */
async function install({ lab, report, from }: Story): Promise<Site> {
  const { step } = report;
  const places = placesIn(lab.dir);
  const server = await step(
    "install: the server starts in an empty folder, and prints the link for its first administrator",
    async () => {
      putServer(places, from);
      const started = await startServer(lab, {
        file: places.serverFile,
        admin: false,
      });
      await bootstrapUrl(started);
      return started;
    },
  );
  const api = await step(
    "administrator: the link makes one, and no second one",
    async () => {
      const token = (await bootstrapUrl(server)).searchParams.get("token");
      const make = () =>
        bootstrap(server.url, token ?? "", "admin", adminPassword);
      const session = await make();
      await rejects(make, /bootstrap_closed/);
      return session;
    },
  );
  await step(
    "install: the agent comes from the server, with its checksum",
    () => fetchAgent(places, server),
  );
  const { agent, host } = await step(
    "enrol: terminal and server show the same fingerprint, another one is refused, the host is online",
    async () => {
      const enrolled = await enrolAgent(lab, server, {
        name: "endpoint",
        file: places.agentFile,
      });
      const shown = await enrolled.fingerprint();
      const pending = await pendingOf(api, shown);
      const other = shown.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
      await rejects(accept(api, { ...pending, fingerprint: other }));
      const { id } = await accept(api, pending);
      return { agent: enrolled, host: await online(api, id) };
    },
  );
  const done = await step(
    "set up: what to back up, and a new repository that the agent makes",
    async () => {
      writeFiles(places.source, 2);
      const made = await setUp(api, host, {
        url: places.repository,
        includes: [places.source],
      });
      strictEqual(made.test.created, true);
      return made;
    },
  );
  return {
    ...places,
    lab,
    server,
    agent,
    host,
    groupId: done.group_id,
    repositoryId: done.repository.id,
  };
}

/** A backup, and its files brought back. */
async function use(
  { report: { step } }: Story,
  site: Site,
  when: string,
): Promise<Taken> {
  const taken = await step(`backup ${when}: its snapshot is listed`, () =>
    backUp(site, when),
  );
  await step(`restore ${when}: every byte, time and permission`, () =>
    restoreAs(site, taken),
  );
  return taken;
}

async function restoreAs(site: Site, taken: Taken): Promise<void> {
  if ((await restore(site, taken)) === "restic")
    note("by restic alone: this release restores nothing");
}

interface Schema {
  /** Its number before the upgrade. */
  readonly before: number;
  readonly after: number;
}

interface Upgraded extends Schema {
  readonly taken: Taken;
  /** All that the upgraded server knows. */
  readonly jobs: readonly Job[];
}

async function upgrade(
  story: Story,
  site: Site,
  first: Taken,
): Promise<Upgraded> {
  const { step } = story.report;
  const { server, host } = site;
  const schema = await step(
    "upgrade: the server takes over its data, and the agent of before is online without approval",
    async () => {
      await server.stop();
      const before = schemaOf(databaseOf(server));
      putServer(site, story.to);
      await startsAsBefore(site, first);
      return { before, after: schemaOf(databaseOf(server)) };
    },
  );
  await step(`upgrade: ${keptWords(schema)}`, async () => {
    const kept = keptOf(server, schema.after);
    strictEqual(existsSync(kept), schema.after > schema.before);
    if (existsSync(kept)) strictEqual(schemaOf(kept), schema.before);
  });
  await step(
    "upgrade: the agent is replaced, and online without approval",
    () => replaceAgent(site),
  );
  await step("restore after the upgrade: the snapshot of before", () =>
    restoreAs(site, first),
  );
  const taken = await use(story, site, "after the upgrade");
  await step(
    "change something that the database of before does not know",
    async () => {
      const api = await server.logIn();
      const path = `/api/hosts/${host.id}`;
      await change(api, "PATCH", path, { tags: ["after-the-upgrade"] });
      deepStrictEqual(await tagsOf(site), ["after-the-upgrade"]);
    },
  );
  return { ...schema, taken, jobs: await jobsOf(await server.logIn(), host) };
}

const keptWords = ({ before, after }: Schema): string =>
  after > before
    ? `schema ${before} became ${after}; pre-${after}.db holds the database of before`
    : `schema ${after} stays, so nothing is copied`;

async function rollBack(
  story: Story,
  site: Site,
  first: Taken,
  { before, after, taken, jobs }: Upgraded,
): Promise<void> {
  const { step } = story.report;
  const { server, host } = site;
  const isOlder = after > before;
  await step(
    "roll back: the server is stopped, the executables of before are put back",
    async () => {
      await server.stop();
      putServer(site, story.from);
    },
  );
  if (isOlder) {
    await step(
      "roll back: the server of before refuses the newer database",
      () => rejects(server.start(), /used by a newer restic-manager-server/),
    );
    putBack(server, after);
  }
  await step(
    `roll back: the server starts with ${isOlder ? "the database of before" : "its database"}; host, jobs and snapshots are there without approval`,
    () => startsAsBefore(site, first),
  );
  if (isOlder)
    await step(
      "roll back: the agent, which still holds it, tells of the backup after the upgrade again",
      () =>
        waitFor("the job is listed", async () =>
          (await jobsOf(await server.logIn(), host)).some(
            ({ id, state }) => id === taken.job.id && state === "succeeded",
          ),
        ),
    );
  await step(
    "roll back: the agent is replaced, and online without approval",
    () => replaceAgent(site),
  );
  await step(
    `roll back: what was changed after the upgrade ${isOlder ? "is changed back" : "stays"}`,
    async () =>
      deepStrictEqual(await tagsOf(site), isOlder ? [] : ["after-the-upgrade"]),
  );
  note(await lostWords(site, jobs, isOlder));
  const last = await use(story, site, "after the way back");
  await step("snapshots of before, between and after are there", async () => {
    const ids = (await snapshotsOf(await server.logIn(), host)).map(
      ({ id }) => id,
    );
    for (const { snapshotId } of [first, taken, last])
      ok(ids.includes(snapshotId), `${snapshotId} is not in ${ids.join(" ")}`);
  });
}

/** What the way back has cost, beside what comes again. */
async function lostWords(
  { server, host }: Site,
  jobs: readonly Job[],
  isOlder: boolean,
): Promise<string> {
  if (!isOlder) return "nothing is lost: the database stayed as it was";
  const known = await jobsOf(await server.logIn(), host);
  const gone = jobs
    .filter(({ id }) => !known.some((job) => job.id === id))
    .map(({ kind }) => `a ${kind}`);
  return `lost: the host's tag, and from the history ${gone.join(", ") || "nothing"}`;
}

/** What docs/control-plane.md says to do. */
function putBack(server: Server, version: number): void {
  const database = databaseOf(server);
  for (const file of [`${database}-wal`, `${database}-shm`])
    rmSync(file, { force: true });
  copyFileSync(keptOf(server, version), database);
}

const databaseOf = ({ dataDir }: Server): string =>
  join(dataDir, "restic-manager.db");
const keptOf = ({ dataDir }: Server, version: number): string =>
  join(dataDir, `pre-${version}.db`);

function schemaOf(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    const row = database.query("PRAGMA user_version").get() as {
      user_version: number;
    };
    return row.user_version;
  } finally {
    database.close();
  }
}

/** The server is started, and the host, job, log and snapshot are as they were. */
async function startsAsBefore(
  site: Site,
  { job, snapshotId }: Taken,
): Promise<void> {
  const { server, host } = site;
  const stopped = Date.now();
  await server.start();
  await returns(site, stopped);
  const api = await server.logIn();
  const { hosts } = await api.get<{ hosts: Host[] }>("/api/hosts");
  deepStrictEqual(
    hosts.map(({ id }) => id),
    [host.id],
  );
  const known = (await jobsOf(api, host)).find(({ id }) => id === job.id);
  deepStrictEqual(
    [known?.state, known?.snapshot_id],
    ["succeeded", snapshotId],
  );
  notStrictEqual((await logOf(api, job.id)).length, 0);
  ok((await snapshotsOf(api, host)).some(({ id }) => id === snapshotId));
}

/** The host is online since a moment, and nobody approved anything. */
async function returns({ server, host }: Site, since: number): Promise<void> {
  const api = await server.logIn();
  await waitFor(
    "the host is online",
    async () => {
      const now = await api.get<Host>(`/api/hosts/${host.id}`);
      return now.online && Date.parse(now.last_seen_at ?? "") >= since;
    },
    60_000,
  );
  deepStrictEqual(await api.get("/api/pending"), { pending: [] });
}

/** By the one that the server hands out. */
async function replaceAgent(site: Site): Promise<void> {
  const { server, agent } = site;
  await agent.program().stop();
  const stopped = Date.now();
  await fetchAgent(site, server);
  const refusal = await comesUp(agent);
  if (refusal !== null) {
    // An agent does not open the state of a newer one.
    match(refusal, /made by a newer agent/);
    const state = join(agent.stateDir, "agent.db");
    for (const end of ["-wal", "-shm"]) rmSync(state + end, { force: true });
    renameSync(state, `${state}.newer`);
    note("the agent of before refused the newer agent.db; it was moved away");
    strictEqual(await comesUp(agent), null);
  }
  await returns(site, stopped);
}

/** Null once it is connected, or what it printed when it ended instead. */
async function comesUp(agent: Agent): Promise<string | null> {
  const program = agent.run();
  await waitFor(
    "the agent connects",
    () =>
      !program.running() || program.text().includes("Connected to the server"),
    30_000,
    program.text,
  );
  return program.running() ? null : program.text();
}

async function tagsOf({ server, host }: Site): Promise<readonly string[]> {
  const api = await server.logIn();
  const { tags } = await api.get<Host & { tags: readonly string[] }>(
    `/api/hosts/${host.id}`,
  );
  return tags;
}
