import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { accept, enrolAgent, online, pendingOf } from "../e2e/rig/agent.ts";
import { logIn, type Api } from "../e2e/rig/api.ts";
import { runNow, setUp } from "../e2e/rig/jobs.ts";
import { freePort, type Lab } from "../e2e/rig/lab.ts";
import { tool } from "../e2e/rig/places.ts";
import { resticByHand, snapshotsByHand } from "../e2e/rig/repository.ts";
import { startServer } from "../e2e/rig/server.ts";
import type { Host } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { say } from "../lib/step.ts";
import { watchJob } from "./progress.ts";

/** What is left when the demo has ended: a repository that restic alone can read. */
export type Kept = {
  readonly repository: string;
  readonly passwordFile: string;
};

export type Outcome = Kept & {
  readonly ok: true;
  readonly fingerprint: string;
  readonly host: string;
  readonly job: { readonly id: string; readonly status: string };
  readonly snapshot: string;
};

export type Walked = {
  readonly outcome: Outcome;
  readonly url: string;
  readonly login: { readonly user: string; readonly password: string };
};

const secret = (): string =>
  crypto
    .getRandomValues(new Uint8Array(18))
    .toBase64({ alphabet: "base64url" });

const prepare = (): Kept & {
  readonly store: string;
  readonly password: string;
} => {
  const store = mkdtempSync(join(tmpdir(), "restic-manager-demo-"));
  const password = secret();
  const passwordFile = join(store, "repository-password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const data = join(store, "rest-server");
  mkdirSync(data);
  return {
    store: data,
    password,
    passwordFile,
    repository: join(data, "demo"),
  };
};

/** A rest-server on loopback; its address without the repository's name. */
const startRestServer = async (lab: Lab, data: string): Promise<string> => {
  const address = `127.0.0.1:${await freePort()}`;
  const program = lab.start(
    tool("rest-server"),
    ["--listen", address, "--path", data, "--no-auth"],
    { name: "rest-server" },
  );
  await waitFor(
    "rest-server answers",
    () =>
      fetch(`http://${address}/`).then(
        () => true,
        () => false,
      ),
    10_000,
    program.text,
  );
  return `rest:http://${address}/`;
};

/** Announce on the endpoint, compare both fingerprints, approve. */
const enrolAndApprove = async (
  lab: Lab,
  server: Awaited<ReturnType<typeof startServer>>,
  api: Api,
): Promise<Host> => {
  say(
    `enrol: restic-manager-agent enrol ${server.url} --server-key ${await server.serverKey()}`,
  );
  const agent = await enrolAgent(lab, server);
  const printed = await agent.fingerprint();
  const pending = await pendingOf(api, printed);
  say(`  the agent's terminal says ${printed}`);
  say(`  the server's list says    ${pending.fingerprint}`);
  if (pending.fingerprint !== printed)
    throw new Error(
      "the fingerprints differ: this is not the agent that was started",
    );
  const host = await online(api, (await accept(api, pending)).id);
  say(`approve: they are equal; ${host.name} is approved and online`);
  return host;
};

const excludes = ["node_modules", "dist", ".cache"];

/** The product's main job, with real components only. */
export const walk = async (
  lab: Lab,
  dir: { readonly path: string; readonly isDefault: boolean },
): Promise<Walked> => {
  const kept = prepare();
  const login = { user: "admin", password: secret() };
  const loginFile = join(lab.dir, "login");
  writeFileSync(loginFile, `${login.password}\n`, { mode: 0o600 });

  const server = await startServer(lab, {
    env: { RM_ADMIN_PASSWORD_FILE: loginFile },
  });
  say(`server: ${server.url}`);
  const api = await logIn(server.url, login.user, login.password);
  const host = await enrolAndApprove(lab, server, api);

  const rest = await startRestServer(lab, kept.store);
  const { group_id } = await setUp(api, host, {
    url: `${rest}demo/`,
    password: kept.password,
    includes: [dir.path],
    excludes: dir.isDefault ? excludes : [],
  });
  say(
    `set up: a new repository at ${rest}demo/, tested and created by the agent`,
  );

  say(`back up: ${dir.path}`);
  const started = await runNow(api, host, group_id);
  const job = await watchJob(api, started.id);
  if (!job.state.startsWith("succeeded") || job.snapshot_id === null)
    throw new Error(
      `the backup ended ${job.state}: ${job.error?.message ?? "no reason was given"} (${server.url}/jobs/${job.id})`,
    );
  if (job.error !== null) say(`  with issues: ${job.error.message}`);

  await proveByHand(kept, job.snapshot_id);
  return {
    url: server.url,
    login,
    outcome: {
      ok: true,
      fingerprint: host.fingerprint,
      host: host.name,
      job: { id: job.id, status: job.state },
      snapshot: job.snapshot_id,
      repository: kept.repository,
      passwordFile: kept.passwordFile,
    },
  };
};

/** The product is not asked whether the product worked: restic alone reads what is in the repository. */
const proveByHand = async (
  kept: Kept & { readonly password: string },
  snapshot: string,
): Promise<void> => {
  const snapshots = await snapshotsByHand(kept.repository, kept.password);
  if (!snapshots.some(({ id }) => id === snapshot))
    throw new Error(
      `restic does not find snapshot ${snapshot} in ${kept.repository}`,
    );
  const check = await resticByHand(kept.repository, kept.password, ["check"]);
  if (check.code !== 0)
    throw new Error(`restic check: exit ${check.code}\n${check.stderr}`);
  say(
    `prove: restic finds snapshot ${snapshot.slice(0, 8)} and no errors in the repository`,
  );
};
