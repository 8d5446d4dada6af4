import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import {
  fromBase64Url,
  publicKeyBytes,
} from "@restic-manager/shared/identity/keys.ts";
import { redactUrls } from "@restic-manager/shared/redact.ts";
import type { ResticInfo } from "@restic-manager/shared/protocol/hello.ts";
import { createJobStore } from "../commands/job-store.ts";
import { readConfig, type AgentConfig } from "../config.ts";
import { readApproval, type StoredApproval } from "../identity/approval.ts";
import { readIdentity } from "../identity/identity.ts";
import { takeInstanceLock } from "../platform/instance-lock.ts";
import { createSpawner } from "../platform/spawn.ts";
import { createResticLocator } from "../restic/locate.ts";
import { createNextFireStore } from "../schedule/next-fire-store.ts";
import { readOldRepository } from "../secrets/old-repository.ts";
import { createSecretFile } from "../secrets/secret-file.ts";
import { openStateDb, readMeta } from "../state-db.ts";
import { versionLine } from "../version.ts";
import { exitCodes, type CliContext } from "./context.ts";

/** What this host is, does and waits for, in lines `name: value`. */
export async function status(context: CliContext): Promise<number> {
  const { paths, terminal } = context;
  const config = readConfig(paths.config);
  const approval = readApproval(paths.approval);
  const identity = readIdentity(paths.identity);
  const say = (name: string, value: string) =>
    terminal.say(`${`${name}:`.padEnd(15)} ${value}`);

  say("agent", versionLine());
  const running = isRunning(paths.lock);
  say("running", running ? "yes" : "no");
  say("server", config?.server.join(", ") ?? "none");
  say(
    "host",
    approval === null
      ? `not approved${running ? "; enrol waits for it" : ""}`
      : `${approval.host_name} (${approval.host_id})`,
  );
  say("fingerprint", identity?.fingerprint ?? "none yet");
  if (approval !== null)
    say(
      "server key",
      fingerprintOf(publicKeyBytes(approval.server_key) ?? new Uint8Array()),
    );
  say("restic", describeRestic(await resticInfo(context, config)));
  if (config !== null && approval !== null)
    sayState(context, config, approval, say);
  return exitCodes.ok;
}

function isRunning(path: string): boolean {
  const lock = existsSync(path) ? takeInstanceLock(path) : { release() {} };
  lock?.release();
  return lock === null;
}

function resticInfo(
  { paths, env, assetsDir }: CliContext,
  config: AgentConfig | null,
): Promise<ResticInfo> {
  // Asking makes nothing in the state folder, which may not be there yet.
  const spawner = createSpawner({ tmpDir: tmpdir() });
  return createResticLocator({
    spawner,
    env,
    assetsDir,
    binDir: paths.bin,
    mayExtract: false,
    override: config?.restic_path,
  }).info();
}

function describeRestic({
  version,
  source,
  path,
  problem,
}: ResticInfo): string {
  return problem ?? `${version} (${source}, ${path})`;
}

function sayState(
  { paths, random }: CliContext,
  config: AgentConfig,
  approval: StoredApproval,
  say: (name: string, value: string) => void,
): void {
  const file = createSecretFile({
    path: paths.secrets,
    key: fromBase64Url(config.secrets_key) ?? new Uint8Array(),
    hostId: approval.host_id,
    random,
  });
  say("configuration", `revision ${file.load()?.rev ?? 0}`);
  const old = readOldRepository(paths, config.secrets_key);
  if (old !== null)
    say(
      "old repository",
      `${redactUrls(old.repository ?? "")}, kept sealed until the dashboard has it; restic-manager-agent old-repository shows all of it`,
    );
  if (!existsSync(paths.database)) return;
  const db = openStateDb(paths.database);
  const stored = Number(readMeta(db, "stored_seq") ?? 0);
  const { n } = db
    .query("SELECT COUNT(*) AS n FROM outbox WHERE seq > ?")
    .get(stored) as { n: number };
  say("waiting", `${n} ${n === 1 ? "message" : "messages"} for the server`);
  for (const { request, startedAt } of createJobStore(db).list())
    say(
      "job",
      `${request.job_id} ${startedAt === null ? "waits" : `runs since ${startedAt}`}`,
    );
  for (const { at, cron, tz } of createNextFireStore(db).list())
    say("next run", `${toTimestamp(at)} (${cron}, ${tz})`);
  db.close();
}
