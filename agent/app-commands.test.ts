import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { signingKey } from "./identity/keys.ts";
import type { AgentProcess } from "./testing/agent-process.ts";
import { resticPath } from "./testing/programs.ts";
import { groupId, rigIn } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

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
    const flood = await server.command("ping", "x".repeat(520 * 1024));
    expect(flood).toMatchObject({ ok: false, code: "signature_invalid" });
    expect(rig.events("job.started")).toEqual([]);
    expect(await server.command("ping", {})).toMatchObject({ ok: true });
  }));

test("a repository is tested and made before anything is saved [RST-05]", () =>
  withRig(async (rig) => {
    const { server, restic, source } = rig;
    rig.start();
    await rig.online();
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
        { box: server.sealFor("repo-test", id, secret) },
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
    // The answer to the first try may have been lost.
    expect(await test("create")).toMatchObject({
      ok: true,
      result: { created: false },
    });
    await restic.byHand("backup", source);
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
    const blocked = join(resticPath(), "repo");
    for (const mode of ["create", "existing"] as const)
      expect(await test(mode, { url: blocked })).toMatchObject({
        ok: false,
        code: "repository_failed",
        message: expect.stringMatching(
          new RegExp(
            `^The folder ${blocked} cannot be used on this host \\(\\w+ [^ ]+: not a directory\\)\\. Choose a folder`,
          ),
        ),
      });
    await rm(source, { recursive: true });
    expect(await test("create", { url: join(source, "repo") })).toMatchObject({
      ok: false,
      code: "source_missing",
    });
    expect(existsSync(source)).toBe(false);
  }));

test("a second agent on the same state is refused", () =>
  withRig(async (rig) => {
    rig.start();
    await rig.online();
    const second = rig.start();
    expect((await second.exited).code).toBe(6);
    expect(second.lines.join("\n")).toContain("already runs");
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

test("a host the server has forgotten announces itself again and goes on when it is approved", () =>
  withRig(async ({ server, start }) => {
    server.setStanding("host_unknown");
    const agent = start();
    await until("the announcement", () => server.announcements() > 0);
    server.setStanding("approved");
    server.decide("approved");
    await until("the agent", async () => {
      const answer = await server.command("ping", {}).catch(() => null);
      return answer?.ok === true;
    });
    agent.signal("SIGTERM");
    expect((await agent.exited).code).toBe(0);
  }));

test("a host the server has rejected ends with exit code 3 [ENR-06]", () =>
  withRig(async ({ server, start }) => {
    server.setStanding("host_unknown");
    const agent = start();
    await until("the announcement", () => server.announcements() > 0);
    server.decide("rejected");
    expect((await agent.exited).code).toBe(3);
  }));

test("SIGTERM ends the agent at once, whatever it is doing", () =>
  withRig(async ({ server, start }) => {
    const ends = async (
      when: string,
      condition: (agent: AgentProcess) => boolean,
    ) => {
      const agent = start();
      await until(when, () => condition(agent));
      const asked = performance.now();
      agent.signal("SIGTERM");
      expect((await agent.exited).code).toBe(0);
      expect(performance.now() - asked).toBeLessThan(5_000);
    };
    server.setStanding("host_unknown");
    await ends("the wait for an approval", () => server.announcements() > 0);
    server.setStanding("approved");
    for (const ms of [0, 20, 50, 100, 150, 200]) {
      let from = Infinity;
      await ends(`${ms} ms after the start`, ({ lines }) => {
        if (lines.length > 0) from = Math.min(from, performance.now());
        return performance.now() - from >= ms;
      });
    }
  }));
