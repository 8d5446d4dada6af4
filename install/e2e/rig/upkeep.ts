import { hostname } from "node:os";
import { join } from "node:path";
import type { Agent } from "./agent.ts";
import type { Api } from "./api.ts";
import { type Gate, openGate } from "./gate.ts";
import { jobEnds, repositoryPassword, setUp } from "./jobs.ts";
import type { Lab } from "./lab.ts";
import {
  type HandSnapshot,
  output,
  resticByHand,
  type RestServer,
  snapshotsByHand,
  startRestServer,
  writeFiles,
} from "./repository.ts";
import { approvedStand, type Stand, type StandOptions } from "./stand.ts";
import type { Job, JobKind, Repository } from "./types.ts";

/** Nothing that an endpoint keeps may ever hold it. */
export const adminSecret = "canary-Admin-Pa55word";

/** A host that backs up into a store that lets nothing be deleted, and a second door of that store which does. */
export interface UpkeepStand extends Stand {
  readonly repositoryId: string;
  readonly groupId: string;
  /** Folder of what is backed up. */
  readonly source: string;
  /** Folder of the repository. */
  readonly dir: string;
  /** In front of the store, on the host's way to it. */
  readonly gate: Gate;
  readonly store: RestServer;
  /** Access that may delete, as a person enters it. */
  readonly admin: Readonly<Record<string, string>>;
  repository(): Promise<Repository>;
  snapshots(): Promise<HandSnapshot[]>;
  /** Sets what the host's source group keeps. */
  keep(retention: Readonly<Record<string, number>>): Promise<void>;
  /** Backups of days long gone, one a day, made with restic alone. */
  makeOld(count: number): Promise<void>;
}

export async function upkeepStand(
  lab: Lab,
  options: StandOptions & {
    readonly megabytes?: number;
    /** False: a store as careless people run it. */
    readonly appendOnly?: boolean;
  } = {},
): Promise<UpkeepStand> {
  const stand = await approvedStand(lab, options);
  const { api, host } = stand;
  const store = await startRestServer(lab, {
    appendOnly: options.appendOnly ?? true,
  });
  const door = await startRestServer(lab, {
    data: store.data,
    user: "upkeep",
    password: adminSecret,
  });
  const gate = await openGate(lab, store.port);
  const source = join(lab.dir, "source");
  writeFiles(source, options.megabytes ?? 1);
  const { group_id, repository } = await setUp(api, host, {
    url: `rest:http://127.0.0.1:${gate.port}/host/`,
    includes: [source],
    user: { name: store.user, password: store.password },
  });
  const dir = join(store.data, "host");
  return {
    ...stand,
    repositoryId: repository.id,
    groupId: group_id,
    source,
    dir,
    gate,
    store,
    admin: {
      url: `rest:${door.url}/host/`,
      username: "upkeep",
      user_password: adminSecret,
    },
    repository: () => api.get(`/api/repositories/${repository.id}`),
    snapshots: () => snapshotsByHand(dir, repositoryPassword),
    async keep(retention) {
      const { groups } = await api.get<{ groups: SourceGroup[] }>(
        `/api/hosts/${host.id}/sources`,
      );
      for (const { id, name, includes, excludes, options: how } of groups)
        await change(api, "PUT", `/api/sources/${id}`, {
          name,
          includes,
          excludes,
          options: how,
          retention,
        });
    },
    async makeOld(count) {
      for (let day = 1; day <= count; day += 1) {
        const { code, stderr } = await resticByHand(dir, repositoryPassword, [
          "backup",
          `--time=2026-01-${String(day).padStart(2, "0")} 12:00:00`,
          "--host",
          options.agent?.hostname ?? hostname(),
          "--tag",
          "default",
          source,
        ]);
        if (code !== 0)
          throw new Error(`restic backup: exit ${code} ${stderr}`);
      }
    },
  };
}

interface SourceGroup {
  readonly id: string;
  readonly name: string;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
  readonly options: unknown;
}

/** A change that must be taken. */
export async function change<T>(
  api: Api,
  method: "PUT" | "PATCH",
  path: string,
  body: unknown,
): Promise<T> {
  const answer = await api.ask<T>(method, path, body);
  if (answer.status >= 300)
    throw new Error(
      `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`,
    );
  return answer.body;
}

/** Starts upkeep as a person does, and waits for its end. */
export async function upkeepEnds(
  { api, repositoryId }: Pick<UpkeepStand, "api" | "repositoryId">,
  verb: Exclude<JobKind, "backup" | "init"> | "unlock-all" | "reinit",
  body: unknown = {},
): Promise<Job> {
  const { id } = await api.post<Job>(
    `/api/repositories/${repositoryId}/${verb}`,
    body,
  );
  return jobEnds(api, id, 60_000);
}

/** Files of an agent that hold a text. */
export async function filesWith(
  text: string,
  agents: readonly Agent[],
): Promise<string[]> {
  const folders = agents.map(({ stateDir }) => join(stateDir, ".."));
  const args = ["-rlaF", text, ...folders];
  const { stdout } = await output("/usr/bin/grep", args, {});
  return stdout.split("\n").filter((line) => line !== "");
}
