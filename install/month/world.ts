import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Api, keepLoggedIn } from "../e2e/rig/api.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { type RestServer, startRestServer } from "../e2e/rig/repository.ts";
import { adminPassword, startServer } from "../e2e/rig/server.ts";
import { adminSecret, change } from "../e2e/rig/upkeep.ts";
import { type Clock, createClock } from "./clock.ts";
import { createHost, type MonthHost } from "./host.ts";
import {
  type HostStory,
  repositoriesOf,
  type Story,
  upkeepKinds,
} from "./story.ts";

/** A repository, and a twin of it from which nothing is ever forgotten. */
export interface MonthRepository {
  readonly name: string;
  readonly id: string;
  /** Folders, as restic run by hand reaches them. */
  readonly dir: string;
  readonly twin: string;
  /** Ids of every snapshot that has ever been seen in it. */
  everSeen(): string[];
}

export interface World {
  readonly lab: Lab;
  readonly clock: Clock;
  readonly hosts: readonly MonthHost[];
  readonly repositories: readonly MonthRepository[];
  /** How a host was shown at the end of a sleep of more than a day. */
  readonly slept: { readonly host: string; readonly health: string }[];
  api(): Promise<Api>;
  /** Everything the server and each agent said since their last start. */
  words(): Readonly<Record<string, string>>;
}

/** A person's session: the server, one store with two doors, the hosts, and everything set up before the story begins. */
export async function createWorld(lab: Lab, story: Story): Promise<World> {
  const clock = await createClock(lab.folder("clock"), story.from);
  const data = lab.folder("store");
  const store = await startRestServer(lab, { data, appendOnly: true });
  const admin = await startRestServer(lab, {
    data,
    user: "upkeep",
    password: adminSecret,
  });
  const server = await startServer(lab, {
    env: {
      ...clock.env,
      RM_HEARTBEAT_INTERVAL: "400ms",
      // Longer than any move of the clock, which seems like silence to the server.
      RM_OFFLINE_AFTER: "20h",
    },
  });
  const api = keepLoggedIn(server.url, "admin", adminPassword);
  const hosts: MonthHost[] = [];
  for (const host of story.hosts) {
    const { repository } = host;
    const isKnown = hosts.some((one) => one.story.repository === repository);
    hosts.push(
      await createHost({
        lab,
        clock,
        server,
        api,
        story: host,
        repository: {
          url: `rest:${store.url}/${repository}/`,
          mode: isKnown ? "existing" : "create",
          user: { name: store.user, password: store.password },
        },
      }),
    );
  }
  const repositories = repositoriesOf(story).map((name) =>
    repositoryOf(lab, store, hosts, name),
  );
  for (const { id, name } of repositories)
    await maintain(await api(), id, `rest:${admin.url}/${name}/`, story, hosts);
  const words = () => ({
    server: server.program().text(),
    ...Object.fromEntries(
      hosts.map(({ story: { name }, agent }) => [name, agent.program().text()]),
    ),
  });
  return { lab, clock, hosts, repositories, slept: [], api, words };
}

async function maintain(
  api: Api,
  repositoryId: string,
  url: string,
  { runner, upkeep }: Story,
  hosts: readonly MonthHost[],
): Promise<void> {
  const path = `/api/repositories/${repositoryId}`;
  await change(api, "PUT", `${path}/admin-credential`, {
    url,
    username: "upkeep",
    user_password: adminSecret,
  });
  const kinds = upkeepKinds.map((kind) => [
    kind,
    { cron: upkeep[kind].cron, enabled: true },
  ]);
  await change(api, "PUT", `${path}/maintenance`, {
    ...Object.fromEntries(kinds),
    check_subset_pct: 5,
    runner_host_id: hosts.find(({ story }) => story.name === runner)?.id,
  });
}

function repositoryOf(
  lab: Lab,
  { data }: RestServer,
  hosts: readonly MonthHost[],
  name: string,
): MonthRepository {
  const of = ({ repository }: HostStory) => repository === name;
  const dir = join(data, name);
  const twin = lab.folder(`${name}-twin`);
  const snapshots = join(twin, "snapshots");
  return {
    name,
    id: hosts.find(({ story }) => of(story))?.repositoryId ?? "",
    dir,
    twin,
    everSeen() {
      copyNew(join(dir, "snapshots"), snapshots);
      copyNew(join(dir, "keys"), join(twin, "keys"));
      if (!existsSync(join(twin, "config")))
        copyFileSync(join(dir, "config"), join(twin, "config"));
      return readdirSync(snapshots);
    },
  };
}

function copyNew(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const known = new Set(readdirSync(to));
  for (const file of readdirSync(from))
    if (!known.has(file)) copyFileSync(join(from, file), join(to, file));
}
