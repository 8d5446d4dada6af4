import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Api } from "./rig/api.ts";
import {
  jobEnds,
  jobsOf,
  repositoryPassword,
  runNow,
  setUpBody,
  snapshotsWhen,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import {
  type ByHand,
  type HandSnapshot,
  resticByHand,
  writeFiles,
} from "./rig/repository.ts";
import { approvedStand } from "./rig/stand.ts";
import { startS3Server, startSftpServer } from "./rig/stores.ts";
import type { ApiError, Host, SetUp } from "./rig/types.ts";

const limit = 60_000;

const refusedBySsh = ["repository_denied"];

/** A repository as the form sends it, with what its store needs beside the password. */
interface Store {
  readonly url: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ca?: string;
}

test(
  "an s3 repository behind its own authority is made, backed up to and sound; wrong keys save nothing [RST-05]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const s3 = await startS3Server(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 2);
    const secret = "canary-Secret-Access-Key";
    const right: Store = { url: s3.url("host"), env: s3.keys, ca: s3.ca };

    await refused(api, host, source, [
      [
        ["repository_denied"],
        {
          ...right,
          env: { AWS_ACCESS_KEY_ID: "STRANGER", AWS_SECRET_ACCESS_KEY: secret },
        },
      ],
      [["repository_unreachable"], { url: right.url, env: s3.keys }],
    ]);

    await backsUp(api, host, source, right, (args) =>
      s3.byHand("host", repositoryPassword, args),
    );
  }),
  limit,
);

test(
  "an sftp repository is reached with root's own ssh set-up; a wrong key and an unknown host save nothing [RST-05]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    await startSftpServer(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 2);
    const repository = join(lab.dir, "sftp-repository");

    await refused(api, host, source, [
      [refusedBySsh, { url: `sftp:wrong-key:${repository}` }],
      [refusedBySsh, { url: `sftp:unknown-host:${repository}` }],
      [["repository_unreachable"], { url: `sftp:dead:${repository}` }],
    ]);

    await backsUp(
      api,
      host,
      source,
      { url: `sftp:root@store:${repository}` },
      (args) => resticByHand(repository, repositoryPassword, args),
    );
  }),
  limit,
);

/** Each of these forms is answered with one of its causes and a sentence without secrets, and leaves the host as it was. */
async function refused(
  api: Api,
  host: Host,
  source: string,
  cases: readonly (readonly [causes: readonly string[], store: Store])[],
): Promise<void> {
  for (const [causes, store] of cases) {
    const answer = await ask<ApiError>(api, host, source, store);
    expect([answer.status, answer.body.code]).toEqual([
      422,
      "repository_test_failed",
    ]);
    expect(causes).toContain(answer.body.cause ?? "none");
    expect(answer.body.message).toMatch(/^[A-Z][^{}]{20,}/);
    for (const value of [repositoryPassword, ...Object.values(store.env ?? {})])
      expect(answer.body.message).not.toContain(value);
  }
  expect(await api.get<Host>(`/api/hosts/${host.id}`)).toMatchObject({
    online: true,
    set_up: false,
  });
  expect(await api.get(`/api/hosts/${host.id}/repositories`)).toEqual({
    repositories: [],
  });
  expect(await jobsOf(api, host)).toEqual([]);
}

/** From the form to a snapshot that the dashboard lists and restic by hand finds sound. */
async function backsUp(
  api: Api,
  host: Host,
  source: string,
  store: Store,
  byHand: (args: readonly string[]) => Promise<ByHand>,
): Promise<void> {
  const made = await ask<SetUp>(api, host, source, store);
  expect([made.status, made.body.test]).toMatchObject([
    201,
    { created: true, snapshot_count: 0, missing_includes: [] },
  ]);
  expect(made.body.repository).toMatchObject({
    url: store.url,
    status: "ready",
  });

  const { id } = await runNow(api, host, made.body.group_id);
  const job = await jobEnds(api, id);
  expect([job.state, job.error]).toEqual(["succeeded", null]);
  const [listed] = await snapshotsWhen(api, host, 1);
  expect(listed).toMatchObject({ id: job.snapshot_id, own: true });

  const snapshots = await byHand(["snapshots", "--json"]);
  expect(JSON.parse(snapshots.stdout) as HandSnapshot[]).toMatchObject([
    { id: job.snapshot_id, paths: [source] },
  ]);
  const check = await byHand(["check", "--read-data"]);
  expect([check.code, check.stdout]).toEqual([
    0,
    expect.stringContaining("no errors were found"),
  ]);
}

function ask<T>(
  api: Api,
  host: Host,
  source: string,
  { url, ...beside }: Store,
) {
  const body = setUpBody({ url, includes: [source] });
  const credential = { ...body.repository.credential, ...beside };
  return api.ask<T>("POST", `/api/hosts/${host.id}/setup`, {
    ...body,
    repository: { ...body.repository, credential },
  });
}
