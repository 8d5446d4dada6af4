import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { noHooks } from "@restic-manager/shared/domain/hook.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { pathsIn } from "./testing/agent-process.ts";
import { resticPath } from "./testing/programs.ts";
import { fill, rigIn, running, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const withRig = rigIn(tempDir);

/** What a hook writes into a file of the test: the variables it was given. */
function saying(rig: Rig, name: string): string {
  return `echo "$RM_JOB_STATUS $RM_JOB_ID $RM_SOURCE_GROUP $RM_SNAPSHOT_ID" >> ${join(rig.dir, name)}`;
}

function said(rig: Rig, name: string): string[] {
  const path = join(rig.dir, name);
  return existsSync(path)
    ? readFileSync(path, "utf8").split("\n").slice(0, -1)
    : [];
}

type Hooks = ConfigBundle["groups"][number]["hooks"];

async function ready(rig: Rig, hooks: Partial<Hooks>) {
  await rig.restic.byHand("init");
  const agent = rig.start();
  await rig.online();
  await rig.configure({ hooks: { ...noHooks, ...hooks } });
  return agent;
}

async function snapshots({ restic }: Rig): Promise<unknown[]> {
  const { output } = await restic.byHand("snapshots", "--json");
  return JSON.parse(output) as unknown[];
}

test("hooks run before and after a backup and know their job [HKS-01] [HKS-02] [HKS-03]", () =>
  withRig(async (rig) => {
    await ready(rig, {
      pre: `echo dump > ${join(rig.source, "dump.sql")}; echo ready; ${saying(rig, "pre")}`,
      post: `echo gone >&2; ${saying(rig, "post")}`,
    });
    const jobId = await rig.runNow();
    const done = await rig.done(jobId);
    expect(done.outcome).toBe("succeeded");
    const lines = rig.log(jobId);
    expect(
      lines.filter(({ s }) => s === "hook").map(({ k, l }) => `${k} ${l}`),
    ).toEqual(["info hook(pre): ready", "warning hook(post): gone"]);
    // What the pre-hook has made is in the backup.
    expect(lines.map(({ l }) => l)).toContain(join(rig.source, "dump.sql"));
    expect(said(rig, "pre")).toEqual([` ${jobId} default `]);
    const [status, job, group, snapshot = "none"] =
      said(rig, "post")[0]?.split(" ") ?? [];
    expect([status, job, group]).toEqual(["succeeded", jobId, "default"]);
    expect(done.stats?.snapshot_id).toStartWith(snapshot);
    // With the rest of the configuration it is on disk sealed only.
    const { state } = pathsIn(rig.dir);
    const files = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(3);
    expect(
      files.filter((path) => readFileSync(path).includes("echo dump")),
    ).toEqual([]);
    const phases = rig.server
      .lossy("live")
      .map((progress) => (progress as JobProgress).phase);
    expect(phases).toContain("pre_hook");
    expect(phases).toContain("post_hook");
  }));

test("without its pre-hook there is no backup: restic is not started, and the post-hook sees failed [HKS-02]", () => {
  const dir = tempDir();
  const [calls, path] = [join(dir, "calls"), join(dir, "restic")];
  writeFileSync(
    path,
    `#!/bin/sh\necho "$*" >> ${calls}\nexec "${resticPath()}" "$@"\n`,
    { mode: 0o755 },
  );
  return withRig(
    async (rig) => {
      await ready(rig, {
        pre: "echo no space; exit 4",
        post: saying(rig, "post"),
      });
      const jobId = await rig.runNow();
      expect(await rig.done(jobId)).toMatchObject({
        outcome: "failed",
        error: {
          code: "hook_failed",
          message: expect.stringContaining("exit code 4"),
        },
        stats: null,
      });
      expect(said(rig, "post")).toEqual([`failed ${jobId} default `]);
      expect(readFileSync(calls, "utf8")).not.toContain("backup");
      expect(await snapshots(rig)).toEqual([]);
      // Nor does the log say that it was.
      const [first] = rig.log(jobId).map(({ l }) => l);
      expect(first).toBe("hook(pre): no space");
    },
    { restic_path: path },
  );
});

test("a hook that hangs is ended at its limit and fails the job; the post-hook still runs [HKS-03]", () =>
  withRig(async (rig) => {
    await ready(rig, {
      pre: "sleep 600",
      post: saying(rig, "post"),
      timeout_s: 1,
    });
    const jobId = await rig.runNow();
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "failed",
      error: {
        code: "hook_timeout",
        message: expect.stringContaining("1 seconds"),
      },
    });
    expect(said(rig, "post")).toEqual([`failed ${jobId} default `]);
  }));

test("a post-hook that fails is a warning and changes no backup [HKS-02]", () =>
  withRig(async (rig) => {
    await ready(rig, { post: "echo sorry; exit 9" });
    const jobId = await rig.runNow();
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "succeeded",
      error: null,
    });
    const warning = rig.log(jobId).find(({ l }) => l.includes("exit code 9"));
    expect(warning).toMatchObject({ k: "warning", s: "system" });
    expect(await snapshots(rig)).toHaveLength(1);
  }));

test("a hook that the server cannot decrypt fails the job; nothing runs without it", () =>
  withRig(async (rig) => {
    await ready(rig, { unreadable: true, post: saying(rig, "post") });
    expect(await rig.done(await rig.runNow())).toMatchObject({
      outcome: "failed",
      error: {
        code: "hook_unreadable",
        message: expect.stringContaining("Enter the hook again"),
      },
    });
    expect(said(rig, "post")).toEqual([]);
    expect(await snapshots(rig)).toEqual([]);
  }));

test("an empty hook is none", () =>
  withRig(async (rig) => {
    await ready(rig, { pre: "", post: " \n" });
    const jobId = await rig.runNow();
    expect((await rig.done(jobId)).outcome).toBe("succeeded");
    expect(rig.log(jobId).filter(({ s }) => s === "hook")).toEqual([]);
  }));

test("a cancel ends the pre-hook, and the post-hook cleans up [HKS-02] [JOB-07]", () =>
  withRig(async (rig) => {
    await ready(rig, {
      pre: `touch ${join(rig.dir, "started")}; sleep 600`,
      post: saying(rig, "post"),
    });
    const jobId = await rig.runNow();
    await until("the hook", () => existsSync(join(rig.dir, "started")));
    await rig.server.command("job.cancel", { job_id: jobId });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "cancelled",
      error: { code: "cancelled" },
    });
    expect(said(rig, "post")).toEqual([`failed ${jobId} default `]);
    expect(await snapshots(rig)).toEqual([]);
  }));

test("a cancel during the post-hook ends that, and the backup stays [HKS-02] [JOB-07]", () =>
  withRig(async (rig) => {
    await ready(rig, {
      post: `touch ${join(rig.dir, "started")}; sleep 600`,
    });
    const jobId = await rig.runNow();
    await until("the hook", () => existsSync(join(rig.dir, "started")));
    await rig.server.command("job.cancel", { job_id: jobId });
    expect((await rig.done(jobId)).outcome).toBe("succeeded");
    expect(
      rig
        .log(jobId)
        .map(({ l }) => l)
        .join("\n"),
    ).toContain("ended before it was done");
    expect(await snapshots(rig)).toHaveLength(1);
  }));

test("a hook that prints very much leaves a log that can be read, and says what is missing [HKS-03]", () =>
  withRig(async (rig) => {
    await ready(rig, {
      pre: "yes 'a line of a hook that does not know when to stop' | head -c 50000000; echo; echo done",
    });
    const jobId = await rig.runNow();
    const done = await rig.done(jobId);
    expect(done.outcome).toBe("succeeded");
    const lines = rig.log(jobId).map(({ l }) => l);
    expect(done.log_lines).toBeLessThan(6_000);
    expect(lines).toHaveLength(done.log_lines);
    expect(lines.indexOf("hook(pre): done")).toBeGreaterThan(0);
    const last = lines.filter((line) => line.includes("before its last 50"));
    expect(last).toHaveLength(1);
  }));

test("what the pre-hook stopped is started again also when the agent stops, or is killed [HKS-02] [AGT-10] [AGT-13]", () =>
  withRig(
    async (rig) => {
      fill(rig.source, 8);
      const first = await ready(rig, {
        pre: "true",
        post: saying(rig, "post"),
      });
      const stopped = await rig.runNow();
      await running(rig);
      first.signal("SIGTERM");
      expect((await first.exited).code).toBe(0);
      expect(said(rig, "post")).toEqual([`failed ${stopped} default `]);

      const second = rig.start();
      await until("the greeting", () => rig.server.requests("hello") > 1);
      const killed = await rig.runNow();
      await running(rig);
      process.kill(second.pid ?? 0, "SIGKILL");
      await second.exited;
      expect(said(rig, "post")).toHaveLength(1);
      rig.start();
      expect(await rig.done(killed)).toMatchObject({ outcome: "lost" });
      expect(said(rig, "post")[1]).toBe(`failed ${killed} default `);
    },
    { slow: true },
  ));
