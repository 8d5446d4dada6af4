/** The recipes of docs/hooks.md, as they stand there, with the real databases and containers. */
import { expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { approvedHost, enrolAgent } from "./rig/agent.ts";
import type { Api } from "./rig/api.ts";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  setUp,
  wholeLogOf,
} from "./rig/jobs.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { root } from "./rig/places.ts";
import { resticByHand, snapshotsByHand } from "./rig/repository.ts";
import { startServer } from "./rig/server.ts";
import {
  runContainer,
  startContainers,
  startMariadb,
  startPostgresql,
  systemPath,
} from "./rig/services.ts";
import type { Job } from "./rig/types.ts";

const limit = 120_000;

/** The recipe that the guide has under a name. */
function recipe(name: string): string {
  const text = readFileSync(join(root, "docs/hooks.md"), "utf8");
  const fence = new RegExp(`^\`\`\`[a-z]+ ${name}\\n([^]*?)^\`\`\``, "m");
  const [, script] = fence.exec(text) ?? [];
  if (script === undefined)
    throw new Error(`docs/hooks.md has no recipe ${name}`);
  return script;
}

interface Hooked {
  readonly api: Api;
  readonly hostId: string;
  readonly repository: string;
  hooks(hooks: {
    pre?: string;
    post?: string;
    timeout_s?: number;
  }): Promise<void>;
  run(): Promise<Job>;
  printed(job: Job): Promise<string[]>;
}

/** A host whose agent finds the system's programs, and backs up `folder`. */
async function hookedHost(
  lab: Lab,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Hooked> {
  const server = await startServer(lab);
  const api = await server.logIn();
  const agent = await enrolAgent(lab, server, {
    env: { PATH: systemPath, ...env },
  });
  const host = await approvedHost(api, agent);
  const repository = join(lab.dir, "repository");
  const { group_id } = await setUp(api, host, {
    url: repository,
    includes: [folder],
  });
  return {
    api,
    hostId: host.id,
    repository,
    async hooks({
      pre = null,
      post = null,
      timeout_s = 600,
    }: {
      pre?: string | null;
      post?: string | null;
      timeout_s?: number;
    }) {
      const answer = await api.ask("PUT", `/api/sources/${group_id}/hooks`, {
        pre,
        post,
        timeout_s,
      });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    },
    run: async () =>
      jobEnds(api, (await runNow(api, host, group_id)).id, limit),
    printed: async (job) =>
      (await wholeLogOf(api, job))
        .filter(({ l }) => l.startsWith("hook("))
        .map(({ l }) => l),
  };
}

/** A file of the newest snapshot. */
async function dumped(repository: string, path: string): Promise<string> {
  const { code, stdout, stderr } = await resticByHand(
    repository,
    repositoryPassword,
    ["dump", "latest", path],
  );
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

test.concurrent(
  "MariaDB: the dump in the backup brings a lost database back; without the server there is no backup [HKS-06]",
  inLab(async (lab) => {
    const database = await startMariadb(lab);
    await database.sql(
      "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, what TEXT); INSERT INTO shop.orders VALUES (1, 'bread'), (2, 'kräuter')",
    );
    const home = lab.folder("root-home");
    writeFileSync(join(home, ".my.cnf"), database.myCnf);
    const backups = lab.folder("backups");
    const here = (text: string) => text.replaceAll("/var/backups", backups);
    const host = await hookedHost(lab, backups, { HOME: home });
    const file = join(backups, "mariadb/all.sql");

    await host.hooks({
      pre: here(recipe("pre-mariadb")),
      post: here(recipe("post-cleanup")),
    });
    await host.api.ask("PUT", `/api/hosts/${host.hostId}/hooks`, {
      pre: null,
      post: null,
      timeout_s: 600,
      shell: ["/bin/bash", "-euo", "pipefail", "-c"],
    });
    const job = await host.run();
    expect([job.state, await host.printed(job)]).toEqual([
      "succeeded",
      [
        `hook(post): snapshot ${job.snapshot_id?.slice(0, 8)} of default is safe`,
      ],
    ]);
    expect(await Bun.file(file).exists()).toBe(false);

    await database.sql("DROP DATABASE shop");
    const restored = join(lab.dir, "restored.sql");
    writeFileSync(restored, await dumped(host.repository, file));
    await database.load(restored);
    expect(
      await database.sql("SELECT COUNT(*), MAX(what) FROM shop.orders"),
    ).toBe("2\tkräuter");

    await database.program.stop(30_000);
    const failed = await host.run();
    expect(failed).toMatchObject({
      state: "failed",
      error: { code: "hook_failed" },
    });
    const printed = (await host.printed(failed)).join("\n");
    expect(printed).toContain("hook(pre): mariadb-dump: Got error");
    expect(printed).toContain(`hook(post): job ${failed.id} failed`);
    expect(
      await snapshotsByHand(host.repository, repositoryPassword),
    ).toHaveLength(1);
  }),
  limit,
);

test.concurrent(
  "PostgreSQL: the dump in the backup brings a lost database back, by the system's own user [HKS-06]",
  inLab(async (lab) => {
    const database = await startPostgresql(lab);
    await database.sql("CREATE ROLE clerk LOGIN");
    await database.sql("CREATE DATABASE shop OWNER clerk");
    const backups = lab.folder("backups");
    const host = await hookedHost(lab, backups);
    const where = `export PGHOST=${database.host} PGPORT=${database.port}\n`;
    const pre = recipe("pre-postgresql").replaceAll("/var/backups", backups);
    await host.hooks({ pre: where + pre });
    const job = await host.run();
    expect([job.state, await host.printed(job)]).toEqual(["succeeded", []]);
    await database.sql("DROP DATABASE shop");
    await database.sql("DROP ROLE clerk");
    const restored = join(database.host, "restored.sql");
    const file = join(backups, "postgresql/all.sql");
    writeFileSync(restored, await dumped(host.repository, file));
    await database.load(restored);
    expect(
      await database.sql(
        "SELECT rolname FROM pg_database JOIN pg_roles ON datdba = pg_roles.oid WHERE datname = 'shop'",
      ),
    ).toBe("clerk");
  }),
  limit,
);

test.concurrent(
  "a container stands still during the backup and runs again afterwards, also when the backup failed [HKS-06] [HKS-02]",
  inLab(async (lab) => {
    const containers = await startContainers(lab);
    const folder = lab.folder("shop");
    await runContainer(containers, "shop", folder);
    const isRunning = () =>
      containers.docker("inspect", "--format", "{{.State.Running}}", "shop");
    expect(await isRunning()).toBe("true");

    const host = await hookedHost(lab, folder, {
      PATH: `${containers.bin}:${systemPath}`,
    });
    const state = "docker inspect --format '{{.State.Status}}' shop";
    await host.hooks({
      pre: `${recipe("pre-container")}${state}\n`,
      post: `${state}\n${recipe("post-container")}`,
    });
    const job = await host.run();
    expect([job.state, await host.printed(job)]).toEqual([
      "succeeded",
      [
        "hook(pre): shop",
        "hook(pre): exited",
        "hook(post): exited",
        "hook(post): shop",
      ],
    ]);
    expect(await isRunning()).toBe("true");

    rmSync(join(host.repository, "config"));
    expect((await host.run()).state).toBe("failed");
    expect(await isRunning()).toBe("true");
  }),
  limit,
);
