import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab } from "./rig/lab.ts";
import {
  jobsOf,
  repositoryPassword,
  setUp,
  setUpBody,
  type SetUpWish,
  snapshotsOf,
  snapshotsWhen,
} from "./rig/jobs.ts";
import { freePort } from "./rig/lab.ts";
import {
  resticByHand,
  snapshotsByHand,
  startRestServer,
  writeFiles,
} from "./rig/repository.ts";
import { smallDisk } from "./rig/small-disk.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Host, Repository } from "./rig/types.ts";

const limit = 90_000;

test(
  "an existing repository is adopted: its snapshots are listed and nothing is initialised [RST-05] [SNP-01]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const url = join(lab.dir, "old-repository");
    await byHand(url, ["init"]);
    await byHand(url, [
      "backup",
      source,
      "--host",
      "old-laptop",
      "--tag",
      "holiday",
    ]);
    const before = await byHand(url, ["cat", "config"]);

    const done = await setUp(api, host, {
      url,
      includes: [source],
      mode: "existing",
    });

    expect(done.test).toMatchObject({ created: false, snapshot_count: 1 });
    const [old] = await snapshotsWhen(api, host, 1);
    const [real] = await snapshotsByHand(url, repositoryPassword);
    expect(old).toMatchObject({
      id: real?.id,
      hostname: "old-laptop",
      tags: ["holiday"],
      own: false,
    });
    expect(await byHand(url, ["cat", "config"])).toBe(before);
  }),
  limit,
);

test(
  "every fault of a repository is named, keeps the host and saves nothing; then the same form succeeds [RST-05]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const includes = [source];
    const existing = join(lab.dir, "existing");
    await byHand(existing, ["init"]);
    await byHand(existing, ["backup", source]);
    const file = join(lab.dir, "a-file");
    writeFileSync(file, "not a folder");
    const rest = await startRestServer(lab);
    const deadPort = await freePort();
    const user = { name: rest.user, password: "not the password" };

    const cases: [cause: string, wish: SetUpWish][] = [
      [
        "wrong_password",
        {
          url: existing,
          mode: "existing",
          password: "not the password",
          includes,
        },
      ],
      [
        "repository_missing",
        { url: join(lab.dir, "nowhere"), mode: "existing", includes },
      ],
      ["repository_exists", { url: existing, mode: "create", includes }],
      [
        "repository_failed",
        { url: join(file, "inside"), mode: "create", includes },
      ],
      [
        "repository_denied",
        { url: `rest:http://127.0.0.1:${rest.port}/x/`, user, includes },
      ],
      [
        "repository_unreachable",
        { url: `rest:http://127.0.0.1:${deadPort}/x/`, includes },
      ],
    ];
    for (const [cause, wish] of cases) {
      const answer = await api.ask(
        "POST",
        `/api/hosts/${host.id}/setup`,
        setUpBody(wish),
      );
      expect([
        cause,
        answer.status,
        answer.body.code,
        answer.body.cause,
      ]).toEqual([cause, 422, "repository_test_failed", cause]);
      expect(answer.body.message.length).toBeGreaterThan(20);
      expect(answer.body.message).not.toContain("not the password");
    }

    expect(await api.get<Host>(`/api/hosts/${host.id}`)).toMatchObject({
      online: true,
      set_up: false,
    });
    expect(await jobsOf(api, host)).toEqual([]);
    expect(
      await api.get<{ repositories: Repository[] }>(
        `/api/hosts/${host.id}/repositories`,
      ),
    ).toEqual({ repositories: [] });
    const done = await setUp(api, host, {
      url: existing,
      mode: "existing",
      includes,
    });
    expect(done.test).toMatchObject({ created: false, snapshot_count: 1 });
  }),
  limit,
);

test(
  "paths that are not on the host are named when the repository is set up [RST-04]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const missing = join(lab.dir, "not-there");

    const done = await setUp(api, host, {
      url: join(lab.dir, "repository"),
      includes: [source, missing],
    });

    expect(done.test).toMatchObject({
      created: true,
      missing_includes: [missing],
    });
  }),
  limit,
);

test(
  "a repository on a disk without space is refused by name and can be chosen again elsewhere [RST-05]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const full = smallDisk(lab, "full", "64k");
    writeFileSync(join(full, "filler"), new Uint8Array(64 * 1024));
    const source = join(lab.dir, "source");
    writeFiles(source, 1);

    const answer = await api.ask(
      "POST",
      `/api/hosts/${host.id}/setup`,
      setUpBody({ url: join(full, "repository"), includes: [source] }),
    );

    expect([answer.status, answer.body.cause]).toEqual([
      422,
      "repository_full",
    ]);
    await setUp(api, host, {
      url: join(lab.dir, "elsewhere"),
      includes: [source],
    });
    expect(await snapshotsOf(api, host)).toEqual([]);
  }),
  limit,
);

test(
  "wrong fields of the form are named one by one and asked of no agent [API-03]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const body = setUpBody({
      url: "rest:http://user:secret@backup.lan/x",
      includes: ["relative/path"],
      password: "",
    });

    const answer = await api.ask("POST", `/api/hosts/${host.id}/setup`, body);

    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(Object.keys(answer.body.fields ?? {}).sort()).toEqual([
      "repository.credential.password",
      "repository.url",
      "source.includes.0",
    ]);
    expect(JSON.stringify(answer.body)).not.toContain("secret");
  }),
  limit,
);

async function byHand(
  repository: string,
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await resticByHand(
    repository,
    repositoryPassword,
    args,
  );
  if (code !== 0)
    throw new Error(`restic ${args.join(" ")}: exit ${code}\n${stderr}`);
  return stdout;
}
