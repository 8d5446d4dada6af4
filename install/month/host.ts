import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  accept,
  type Agent,
  enrolAt,
  online,
  pendingOf,
} from "../e2e/rig/agent.ts";
import type { Api } from "../e2e/rig/api.ts";
import { openDoor } from "../e2e/rig/door.ts";
import { setUp } from "../e2e/rig/jobs.ts";
import { change } from "../e2e/rig/upkeep.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { tool } from "../e2e/rig/places.ts";
import type { Server } from "../e2e/rig/server.ts";
import type { Host, Schedule } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import type { Clock } from "./clock.ts";
import { cronOf, type HostStory } from "./story.ts";

/** An enrolled host that lives through its story. */
export interface MonthHost {
  readonly story: HostStory;
  readonly id: string;
  readonly repositoryId: string;
  readonly agent: Agent;
  /** Some of its data changes. */
  change(): void;
  sleep(): void;
  wake(): void;
  shutDown(): Promise<void>;
  boot(): Promise<void>;
  cut(): void;
  heal(): Promise<void>;
}

export interface HostOptions {
  readonly lab: Lab;
  readonly clock: Clock;
  readonly server: Server;
  readonly api: () => Promise<Api>;
  readonly story: HostStory;
  readonly repository: {
    readonly url: string;
    readonly mode: "create" | "existing";
    readonly user: { readonly name: string; readonly password: string };
  };
}

export async function createHost(options: HostOptions): Promise<MonthHost> {
  const { lab, clock, server, story, repository } = options;
  const { name } = story;
  const api = await options.api();
  let door = await openDoor(lab, server.port);
  const port = Number(new URL(door.url).port);
  const env = { ...clock.env, TZ: story.times.zone };
  const agent = enrolAt(lab, door.url, await server.serverKey(), {
    name,
    hostname: name,
    args: ["--exit"],
    env,
  });
  const pending = await pendingOf(api, await agent.fingerprint());
  const { id } = await accept(api, pending);
  await agent.program().exit();
  const wrapper = writeWrapper(lab.folder(name), clock);
  const settings = await Bun.file(agent.config).text();
  await Bun.write(agent.config, `${settings}\nrestic_path: ${wrapper}\n`);
  agent.run(env);
  const host = await online(api, id);

  const source = lab.folder(`${name}-source`);
  let changes = 0;
  function changeData(): void {
    changes += 1;
    mkdirSync(join(source, "notes"), { recursive: true });
    const note = join(source, "notes", `note-${changes % 7}.txt`);
    writeFileSync(note, `${name} ${changes}\n`.repeat(2000));
  }

  changeData();
  const { group_id, repository: known } = await setUp(api, host, {
    ...repository,
    includes: [source],
  });
  await settle(api, host, group_id, story);

  // A sleeper hears no SIGTERM.
  lab.defer(() => agent.program().signal("SIGCONT"));

  return {
    story,
    id,
    repositoryId: known.id,
    agent,
    change: changeData,
    sleep: () => agent.program().signal("SIGSTOP"),
    wake: () => agent.program().signal("SIGCONT"),
    async shutDown() {
      await agent.program().stop();
    },
    async boot() {
      agent.run(env);
    },
    cut: () => door.shut(),
    async heal() {
      door = await openDoor(lab, server.port, port);
    },
  };
}

/** Its schedule, retention and habits, as a person would set them. */
async function settle(
  api: Api,
  host: Host,
  groupId: string,
  { alwaysOn, keep, times }: HostStory,
): Promise<void> {
  const sources = `/api/hosts/${host.id}/sources`;
  const { groups } = await api.get<{ groups: Record<string, unknown>[] }>(
    sources,
  );
  const group = groups.find(({ id }) => id === groupId) ?? {};
  const { name, includes, excludes, options, repository_id } = group;
  await change(api, "PUT", `/api/sources/${groupId}`, {
    name,
    includes,
    excludes,
    options,
    repository_id,
    retention: keep,
  });
  await change(api, "PATCH", `/api/hosts/${host.id}`, { always_on: alwaysOn });
  const schedule = await scheduleOf(api, host.id);
  const cron = cronOf(times);
  await change(api, "PATCH", `/api/schedules/${schedule.id}`, { cron });
  await waitFor(`${host.name} runs by its schedule`, async () => {
    const now = await scheduleOf(api, host.id);
    return now.applied && now.cron === cron;
  });
}

export async function scheduleOf(api: Api, hostId: string): Promise<Schedule> {
  const { schedules } = await api.get<{ schedules: Schedule[] }>(
    `/api/hosts/${hostId}/schedules`,
  );
  const [schedule] = schedules;
  if (schedule === undefined) throw new Error("the host has no schedule");
  return schedule;
}

/** restic is a Go program and has the real time: it is told the host's when it makes a snapshot. */
function writeWrapper(dir: string, clock: Clock): string {
  const file = join(dir, "restic");
  const settings = Object.entries(clock.env)
    .map(([key, value]) => `${key}='${value}'`)
    .join(" ");
  writeFileSync(
    file,
    [
      "#!/bin/sh",
      'case " $* " in *" backup "*)',
      `  set -- "--time=$(${settings} /usr/bin/date '+%Y-%m-%d %H:%M:%S')" "$@"`,
      "esac",
      `exec ${tool("restic")} "$@"`,
      "",
    ].join("\n"),
  );
  chmodSync(file, 0o755);
  return file;
}
