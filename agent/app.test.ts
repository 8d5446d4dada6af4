import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type {
  JobDone,
  JobStarted,
  SnapshotPart,
} from "@restic-manager/shared/protocol/event.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { signingKey } from "./identity/keys.ts";
import { resticPath } from "./testing/programs.ts";
import { createRig, fill, groupId, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";
import { pathsIn } from "./testing/agent-process.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();

async function withRig(
  work: (rig: Rig) => Promise<void>,
  config = {},
): Promise<void> {
  const rig = await createRig(tempDir(), config);
  try {
    await work(rig);
  } finally {
    await rig.stop();
  }
}

/** A restic in front of the real one that uploads slowly, so that there is time for something to happen. */
function slowRestic(): string {
  const path = join(tempDir(), "restic");
  writeFileSync(
    path,
    `#!/bin/sh\nexec "${resticPath()}" --limit-upload 300 "$@"\n`,
    { mode: 0o755 },
  );
  return path;
}

const isOrdered = (numbers: number[]) => numbers.every((n, i) => n === i + 1);

async function running(rig: Rig): Promise<void> {
  const locks = join(rig.restic.repository.url, "locks");
  await until("the lock of a running backup", () =>
    readdirSync(locks).some((name) => name.length === 64),
  );
}

test("a backup by command: started, log, snapshots, done, each once and in order [JOB-01] [JOB-05]", () =>
  withRig(async (rig) => {
    const { server, restic, source } = rig;
    await restic.byHand("init");
    rig.start();
    await rig.online();
    await rig.configure();
    writeFileSync(join(source, "new.txt"), "new");
    const jobId = await rig.runNow();
    const done = await rig.done(jobId);

    expect(done).toMatchObject({
      outcome: "succeeded",
      exit_code: 0,
      error: null,
      source_group_id: groupId,
    });
    const lines = rig.log(jobId);
    expect(isOrdered(lines.map((line) => line.n))).toBe(true);
    expect(done.log_lines).toBe(lines.length);
    expect(
      lines
        .filter((line) => line.k === "new")
        .map((line) => line.l)
        .sort(),
    ).toEqual([join(source, "letter.txt"), join(source, "new.txt")]);

    const kinds = server.events().map((event) => event.kind);
    const order = ["job.started", "log", "snap.part", "job.done"].map((kind) =>
      kinds.lastIndexOf(kind),
    );
    expect([...order].sort((a, b) => a - b)).toEqual(order);
    expect(isOrdered(server.events().map((event) => event.seq))).toBe(true);

    const [started] = rig
      .events("job.started")
      .map((event) => event.p as JobStarted);
    expect(started?.command).toStartWith("restic backup --json");
    const [snapshots] = rig
      .events("snap.part")
      .map((event) => event.p as SnapshotPart)
      .slice(-1);
    expect(snapshots?.snapshots.map(({ id }) => id)).toEqual([
      done.stats?.snapshot_id ?? "",
    ]);
    const byHand = JSON.parse(
      (await restic.byHand("snapshots", "--json")).output,
    ) as { id: string }[];
    expect(byHand.map(({ id }) => id)).toEqual([done.stats?.snapshot_id ?? ""]);
    expect((await restic.byHand("check", "--read-data")).code).toBe(0);
  }));

test("the greeting tells host, versions, zone and restic [AGT-04]", () =>
  withRig(async (rig) => {
    rig.start();
    await rig.online();
    const hello = rig.server.hello();
    expect(hello).toMatchObject({
      os: "linux",
      arch: expect.stringMatching(/^(x64|arm64)$/),
      tz: expect.stringMatching(/^\w+(\/\w+)*$/),
      cfg_rev: 0,
      running_jobs: [],
      restic: { source: "override", path: resticPath(), problem: null },
    });
    await until("heartbeats", () => rig.server.lossy("hb").length > 1);
    expect(rig.server.lossy("hb")[0]).toMatchObject({
      cfg_rev: 0,
      running_jobs: [],
    });
  }));

test("an unusable restic_path is told, the agent stays online, and a job says restic_missing [AGT-04] [RST-03]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      rig.start();
      await rig.online();
      expect(rig.server.hello()?.["restic"]).toMatchObject({
        problem: expect.stringContaining("does not exist"),
      });
      await rig.configure();
      const done = await rig.done(await rig.runNow());
      expect(done).toMatchObject({
        outcome: "failed",
        error: { code: "restic_missing" },
      });
      expect((await rig.server.command("ping", {})).ok).toBe(true);
    },
    { restic_path: "/nowhere/restic" },
  ));

test("no secret is on disk, in the log or in a command line [AGT-02] [RST-02]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      const secret = rig.restic.repository.credential.password;
      const commandLines = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map((pid) =>
          existsSync(`/proc/${pid}/cmdline`)
            ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
            : "",
        );
      expect(commandLines.some((line) => line.includes("backup\0--json"))).toBe(
        true,
      );
      expect(commandLines.filter((line) => line.includes(secret))).toEqual([]);
      await rig.done(jobId);
      const { state, config } = pathsIn(rig.dir);
      const files = readdirSync(state, {
        recursive: true,
        withFileTypes: true,
      }).filter((entry) => entry.isFile());
      const all = [
        config,
        ...files.map((entry) => join(entry.parentPath, entry.name)),
      ];
      expect(all.length).toBeGreaterThan(4);
      expect(all.filter((path) => readFileSync(path).includes(secret))).toEqual(
        [],
      );
      expect(agent.lines.join("\n")).not.toContain(secret);
      expect(JSON.stringify(rig.server.events())).not.toContain(secret);
    },
    { restic_path: slowRestic() },
  ));

test("progress comes at once and then at most once a second [JOB-04]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      rig.start();
      await rig.online();
      await rig.configure();
      const began = performance.now();
      const jobId = await rig.runNow();
      await until("progress", () => rig.server.lossy("live").length > 0);
      const first = performance.now() - began;
      await rig.done(jobId);
      const seconds = (performance.now() - began) / 1000;
      const seen = rig.server.lossy("live") as JobProgress[];
      expect(seen.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
      expect(seen.at(-1)).toMatchObject({
        files_total: 9,
        bytes_total: 1024 * 1024 + 5,
      });
      expect(first).toBeLessThan(1_500);
    },
    { restic_path: slowRestic() },
  ));

test("a server that goes away in the middle of a backup misses nothing and gets nothing twice", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      await rig.server.close();
      await until(
        "the end of the backup",
        () => agent.lines.some((line) => line.includes("A backup ended")),
        60_000,
      );
      expect(rig.events("job.done")).toEqual([]);
      rig.server.open();
      const done = await rig.done(jobId);
      expect(done.outcome).toBe("succeeded");
      const lines = rig.log(jobId);
      expect(lines).toHaveLength(done.log_lines);
      expect(isOrdered(lines.map((line) => line.n))).toBe(true);
      expect(rig.events("job.done")).toHaveLength(1);
    },
    { restic_path: slowRestic() },
  ));

test("what was not acknowledged is sent again, and rows go only when they are stored", () =>
  withRig(async (rig) => {
    await rig.restic.byHand("init");
    rig.start();
    await rig.online();
    await rig.configure();
    rig.server.loseAcks(true);
    const jobId = await rig.runNow();
    await rig.done(jobId);
    rig.server.loseAcks(false);
    await until(
      "an empty outbox",
      () =>
        (rig.server.lossy("hb").at(-1) as { outbox_depth: number })
          .outbox_depth === 0,
      60_000,
    );
    expect(isOrdered(rig.server.events().map((event) => event.seq))).toBe(true);
  }));

test("kill -9 in the middle of a backup: restic ends and unlocks, the job ends lost with the reason [AGT-13]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 8);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      process.kill(agent.pid ?? 0, "SIGKILL");
      await agent.exited;
      rig.start();
      const done = await rig.done(jobId);
      expect(done).toMatchObject({
        outcome: "lost",
        error: { code: "agent_restarted" },
        source_group_id: groupId,
      });
      expect(rig.log(jobId).at(-1)?.l).toContain("ended unexpectedly");
      expect(
        (await rig.restic.byHand("list", "locks", "-q", "--no-lock")).output,
      ).toBe("");
      expect(rig.events("job.done")).toHaveLength(1);
    },
    { restic_path: slowRestic() },
  ));

test("a stale lock that a killed restic left is named", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 8);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      const lock =
        readdirSync(join(rig.restic.repository.url, "locks"))[0]?.slice(0, 8) ??
        "none";
      // As when the power fails: both at once. The agent is stopped first so that it cannot report.
      process.kill(agent.pid ?? 0, "SIGSTOP");
      for (const pid of childrenOf(agent.pid ?? 0))
        process.kill(pid, "SIGKILL");
      process.kill(agent.pid ?? 0, "SIGKILL");
      await agent.exited;
      rig.start();
      const done = await rig.done(jobId);
      expect(done.outcome).toBe("lost");
      expect(done.error?.message).toContain(
        `stale lock in the repository: lock ${lock}`,
      );
      expect(done.error?.message).toContain("restic unlock removes it");
    },
    { restic_path: slowRestic() },
  ));

test("SIGTERM in the middle of a backup: cancelled, reported, no lock, exit 0 [AGT-10]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 8);
      const agent = rig.start();
      await rig.online();
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      agent.signal("SIGTERM");
      expect((await agent.exited).code).toBe(0);
      expect(await rig.done(jobId)).toMatchObject({
        outcome: "cancelled",
        error: { code: "agent_stopped" },
      });
      expect(
        (await rig.restic.byHand("list", "locks", "-q", "--no-lock")).output,
      ).toBe("");
    },
    { restic_path: slowRestic() },
  ));

test("two jobs at once run one after the other; a waiting one can be cancelled [AGT-09] [JOB-07]", () =>
  withRig(
    async (rig) => {
      await rig.restic.byHand("init");
      fill(rig.source, 1);
      rig.start();
      await rig.online();
      await rig.configure();
      const first = await rig.runNow();
      const second = await rig.runNow();
      const third = await rig.runNow();
      await until("the waiting", () =>
        rig.server
          .lossy("live")
          .some((p) => (p as JobProgress).phase === "waiting"),
      );
      expect(
        await rig.server.command("job.cancel", { job_id: second }),
      ).toMatchObject({ ok: true, result: { known: true } });
      expect(await rig.done(first)).toMatchObject({ outcome: "succeeded" });
      expect(await rig.done(second)).toMatchObject({
        outcome: "cancelled",
        error: { code: "cancelled" },
      });
      expect(await rig.done(third)).toMatchObject({ outcome: "succeeded" });
      const started = rig
        .events("job.started")
        .map((event) => (event.p as JobStarted).job_id);
      expect(started).toEqual([first, second, third]);
      const done = rig
        .events("job.done")
        .map((event) => (event.p as JobDone).job_id);
      expect(done).toEqual([first, second, third]);
    },
    { restic_path: slowRestic() },
  ));

test("commands that are not the approved server's, not ours, not new or not in time are refused", () =>
  withRig(async (rig) => {
    const { server } = rig;
    rig.start();
    await rig.online();
    await rig.configure();
    const id = server.newId();
    expect(await server.command("ping", {}, { id })).toMatchObject({
      ok: true,
    });
    expect(await server.command("ping", {}, { id })).toMatchObject({
      ok: false,
      code: "command_repeated",
    });
    const key = signingKey(new Uint8Array(32).fill(9));
    expect(await server.command("ping", {}, { key })).toMatchObject({
      ok: false,
      code: "signature_invalid",
    });
    expect(await server.command("ping", {}, { exp: 1_000 })).toMatchObject({
      ok: false,
      code: "command_expired",
    });
    expect(
      await server.command("ping", {}, { host: "hzzzzzzzzzzzz" }),
    ).toMatchObject({ ok: false, code: "command_expired" });
    expect(await server.command("job.start", { job_id: "x" })).toMatchObject({
      ok: false,
      code: "command_unknown",
    });
    const start = {
      job_id: server.newId(),
      kind: "backup",
      source_group_id: groupId,
      cfg_rev: 1,
    };
    expect(
      await server.command("job.start", { ...start, epoch: "another" }),
    ).toMatchObject({ ok: false, code: "command_expired" });
    const epoch = server.hello()?.["epoch"];
    const unknownGroup = { ...start, epoch, source_group_id: server.newId() };
    expect(await server.command("job.start", unknownGroup)).toMatchObject({
      ok: false,
      code: "config_outdated",
    });
    expect(rig.events("job.started")).toEqual([]);
  }));

test("a repository is tested and made before anything is saved [RST-05]", () =>
  withRig(async (rig) => {
    const { server, restic, source } = rig;
    rig.start();
    await rig.online();
    // The server knows the agent's key from its announcement.
    await announceOnce(rig);
    const test = async (
      mode: "existing" | "create",
      more: { password?: string; url?: string } = {},
    ) => {
      const id = server.newId();
      const { url, credential } = restic.repository;
      const secret = {
        url: more.url ?? url,
        credential: {
          ...credential,
          password: more.password ?? credential.password,
        },
        mode,
        includes: [source, join(source, "gone")],
      };
      return server.command(
        "repo.test",
        { box: server.sealFor(id, secret) },
        { id },
      );
    };
    expect(await test("existing")).toMatchObject({
      ok: false,
      code: "repository_missing",
    });
    const created = await test("create");
    expect(created).toMatchObject({
      ok: true,
      result: {
        created: true,
        snapshot_count: 0,
        missing_includes: [join(source, "gone")],
      },
    });
    expect(await test("create")).toMatchObject({
      ok: false,
      code: "repository_exists",
    });
    expect(await test("existing")).toMatchObject({
      ok: true,
      result: {
        created: false,
        repository_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(await test("existing", { password: "wrong one" })).toMatchObject({
      ok: false,
      code: "wrong_password",
    });
    expect(
      await test("existing", { url: "rest:http://127.0.0.1:9/x/" }),
    ).toMatchObject({ ok: false, code: "repository_unreachable" });
  }));

test("a second agent on the same state is refused", () =>
  withRig(async (rig) => {
    rig.start();
    await rig.online();
    const second = rig.start();
    expect((await second.exited).code).toBe(2);
    expect(second.lines.join("\n")).toContain("already runs");
  }));

test("a damaged configuration is an error and is not written over [AGT-02]", () =>
  withRig(async (rig) => {
    const first = rig.start();
    await rig.online();
    await rig.configure();
    first.signal("SIGTERM");
    await first.exited;
    const { secrets } = pathsIn(rig.dir);
    const bytes = readFileSync(secrets);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(secrets, bytes);
    const before = createHash("sha256").update(bytes).digest("hex");
    const second = rig.start();
    expect((await second.exited).code).toBe(1);
    expect(second.lines.join("\n")).toContain("cannot be read");
    expect(
      createHash("sha256").update(readFileSync(secrets)).digest("hex"),
    ).toBe(before);
  }));

test("an agent the server finds too old says so once and stays quiet [TRN-05]", () =>
  withRig(async (rig) => {
    rig.server.refuseHello("protocol_too_old");
    const agent = rig.start();
    await until("the line", () =>
      agent.lines.some((line) => line.includes("protocol_too_old")),
    );
    const hellos = rig.server.hello();
    agent.signal("SIGTERM");
    expect((await agent.exited).code).toBe(0);
    expect(
      agent.lines.filter((line) => line.includes("protocol_too_old")),
    ).toHaveLength(1);
    expect(hellos).not.toBeNull();
  }));

/** Lets the agent announce itself again, as it does when the server has forgotten it. */
async function announceOnce(rig: Rig): Promise<void> {
  rig.server.decide("approved");
  rig.server.refuseHello("unknown_host");
  await rig.server.close();
  rig.server.open();
  await until("the announcement", () => rig.server.announced() !== null);
  rig.server.refuseHello(null);
  await until(
    "the agent",
    async () =>
      (await rig.server.command("ping", {}).catch(() => null))?.ok === true,
  );
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);
}
