import { ok, strictEqual } from "node:assert";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import type { Agent } from "../e2e/rig/agent.ts";
import type { Api } from "../e2e/rig/api.ts";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  snapshotsOf,
} from "../e2e/rig/jobs.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { output } from "../e2e/rig/repository.ts";
import { indexed, restoreEnds, treeOf } from "../e2e/rig/restores.ts";
import type { Server } from "../e2e/rig/server.ts";
import type { Host, Job } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { hostTarget } from "../lib/targets.ts";
import { agentName, type Release, serverName } from "./release.ts";

/** Where an installation without root lies: the server's folder, and the endpoint's. */
export interface Places {
  readonly serverFile: string;
  readonly agentFile: string;
  /** What is backed up. */
  readonly source: string;
  /** Folder that restic makes the repository in. */
  readonly repository: string;
}

export function placesIn(dir: string): Places {
  return {
    serverFile: join(dir, "server", serverName),
    agentFile: join(dir, "endpoint", agentName),
    source: join(dir, "documents"),
    repository: join(dir, "repository"),
  };
}

/** A host that backs up, as this program sees it. */
export interface Site extends Places {
  readonly lab: Lab;
  readonly server: Server;
  readonly agent: Agent;
  readonly host: Host;
  readonly groupId: string;
  readonly repositoryId: string;
}

/** A snapshot, and what lay in the source when it was made. */
export interface Taken {
  readonly job: Job;
  readonly snapshotId: string;
  readonly tree: Record<string, string>;
}

/** Beside it first, so that a program that runs is not written into. */
function put(file: string, write: (partial: string) => void): void {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.new`;
  write(partial);
  chmodSync(partial, 0o755);
  renameSync(partial, file);
}

/** The server, and beside it the agent that it hands out, as in a release's archive. */
export function putServer(
  { serverFile }: Pick<Places, "serverFile">,
  { dir }: Release,
): void {
  for (const name of [serverName, agentName])
    put(join(dirname(serverFile), name), (partial) =>
      copyFileSync(join(dir, name), partial),
    );
}

/** The agent that the server hands out, compared with its checksum, as `install.sh` does it. */
export async function fetchAgent(
  { agentFile }: Pick<Places, "agentFile">,
  { url }: Pick<Server, "url">,
): Promise<void> {
  const { os, arch } = hostTarget();
  const get = async (path: string): Promise<Response> => {
    const answer = await fetch(`${url}${path}?os=${os}&arch=${arch}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${await answer.text()}`);
    return answer;
  };
  const bytes = new Uint8Array(
    await (await get("/agent/binary")).arrayBuffer(),
  );
  const [said] = (await (await get("/agent/binary.sha256")).text()).split(" ");
  strictEqual(createHash("sha256").update(bytes).digest("hex"), said);
  put(agentFile, (partial) => writeFileSync(partial, bytes));
}

/** Changes the source, and backs it up. */
export async function backUp(site: Site, word: string): Promise<Taken> {
  const { source, server, host, groupId } = site;
  writeFileSync(join(source, "diary.txt"), `${word}\n`);
  const api = await server.logIn();
  const { id } = await runNow(api, host, groupId);
  const job = await jobEnds(api, id, 60_000);
  const snapshotId = succeeded(job).snapshot_id ?? "";
  await waitFor(`snapshot ${snapshotId} is listed`, async () =>
    (await snapshotsOf(api, host)).some((row) => row.id === snapshotId),
  );
  return { job, snapshotId, tree: treeOf(source) };
}

/**
 * A snapshot's files into a fresh folder, each compared with what it was: bytes, time, permissions. By restic alone where
 * the release does not restore.
 */
export async function restore(
  site: Site,
  { snapshotId, tree }: Taken,
): Promise<"product" | "restic"> {
  const { lab, server, host, source, repositoryId } = site;
  const to = mkdtempSync(join(lab.dir, "restored-"));
  const api = await server.logIn();
  const at = (part: string) =>
    `/api/repositories/${repositoryId}/snapshots/${snapshotId}/${part}`;
  const restores = await knows(api, at("index"));
  if (restores) {
    // One that no agent of this release has told of is read when somebody looks into it.
    await api.post(at("index"));
    await indexed(api, at("index"));
    const wish = { paths: [source], to, strip: source };
    succeeded(await restoreEnds({ api, host, at }, wish));
  } else await restoreByHand(site, snapshotId, to);
  ok(Object.keys(tree).length > 20, "there was something to back up");
  strictEqual(
    JSON.stringify(treeOf(to), null, 1),
    JSON.stringify(tree, null, 1),
  );
  return restores ? "product" : "restic";
}

async function knows(api: Api, path: string): Promise<boolean> {
  const { status, body } = await api.ask("GET", path);
  return !(status === 404 && body.code === "not_found");
}

/** With the restic that the agent has unpacked. */
async function restoreByHand(
  { agent, source, repository }: Site,
  snapshotId: string,
  to: string,
): Promise<void> {
  const bin = join(agent.stateDir, "bin");
  const restic = readdirSync(bin).find((name) => name.startsWith("restic-"));
  const { code, stderr } = await output(
    join(bin, restic ?? "restic"),
    ["--no-cache", "restore", `${snapshotId}:${source}`, "--target", to],
    {
      PATH: "/usr/bin:/bin",
      HOME: "/nonexistent",
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: repositoryPassword,
    },
  );
  if (code !== 0) throw new Error(`restic restore: exit ${code}\n${stderr}`);
}

function succeeded(job: Job): Job {
  if (job.state === "succeeded") return job;
  throw new Error(
    `the ${job.kind} ${job.state}: ${job.error?.code ?? ""} ${job.error?.message ?? ""}`,
  );
}
