import { expect, test } from "bun:test";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { online } from "./rig/agent.ts";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  setUp,
  snapshotsOf,
  snapshotsWhen,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { tool } from "./rig/places.ts";
import { resticByHand, snapshotsByHand, writeFiles } from "./rig/repository.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Host } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 90_000;

test(
  "the restic an agent carries is shown with version and hash, an override is used, and an unusable one is said [PKG-06] [AGT-04]",
  inLab(async (lab) => {
    const { api, agent, host } = await approvedStand(lab, {
      env: { RM_OFFLINE_AFTER: "3s", RM_HEARTBEAT_INTERVAL: "1s" },
    });
    expect(host.restic).toMatchObject({ source: "embedded", problem: null });
    expect(host.restic?.sha256).toMatch(/^[0-9a-f]{64}$/);
    const { stdout } = await resticByHand("none", "none", ["version"]);
    expect(stdout).toContain(`restic ${host.restic?.version} `);

    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const done = await setUp(api, host, {
      url: join(lab.dir, "repository"),
      includes: [source],
    });
    const settings = readFileSync(agent.config, "utf8");
    const restart = async (override: string): Promise<Host> => {
      await agent.program().stop();
      await online(api, host.id, false, 20_000);
      await Bun.write(agent.config, `${settings}\nrestic_path: ${override}\n`);
      agent.run();
      return online(api, host.id);
    };

    const own = await restart(tool("restic"));
    expect(own.restic).toMatchObject({
      source: "override",
      path: tool("restic"),
      problem: null,
    });
    expect(
      (await jobEnds(api, (await runNow(api, host, done.group_id)).id)).state,
    ).toBe("succeeded");

    const broken = await restart("/nonexistent/restic");
    expect(broken.restic?.problem).toContain("/nonexistent/restic");
    const job = await jobEnds(api, (await runNow(api, host, done.group_id)).id);
    expect([job.state, job.error?.code]).toEqual(["failed", "restic_missing"]);
  }),
  limit,
);

test(
  "a repository password that changed fails by name, and a new one is used by the next job without a restart [CRD-02] [CRD-03]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const url = join(lab.dir, "repository");
    const { group_id, repository } = await setUp(api, host, {
      url,
      includes: [source],
    });
    const next = "another-Repository-Pa55word";
    const newPasswordFile = join(lab.dir, "new-password");
    appendFileSync(newPasswordFile, next);
    const changed = await resticByHand(url, repositoryPassword, [
      "key",
      "passwd",
      "--new-password-file",
      newPasswordFile,
    ]);
    expect(changed.code).toBe(0);
    const run = async () =>
      jobEnds(api, (await runNow(api, host, group_id)).id);

    expect((await run()).error?.code).toBe("wrong_password");
    const answer = await api.ask(
      "PATCH",
      `/api/repositories/${repository.id}`,
      { password: next },
    );
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).not.toContain(next);
    await waitFor("the agent has the new configuration", async () => {
      const { cfg_rev, applied_cfg_rev } = await api.get<Host>(
        `/api/hosts/${host.id}`,
      );
      return applied_cfg_rev === cfg_rev;
    });

    expect((await run()).state).toBe("succeeded");
    // Blank keeps what is stored.
    await api.ask("PATCH", `/api/repositories/${repository.id}`, {
      name: "renamed",
      password: "",
    });
    expect((await run()).state).toBe("succeeded");
    expect(await snapshotsWhen(api, host, 2)).toHaveLength(2);
  }),
  limit,
);

test(
  "after a forget by hand the list equals restic's own with the next backup [SNP-01]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const url = join(lab.dir, "repository");
    const { group_id } = await setUp(api, host, { url, includes: [source] });
    const run = async () =>
      jobEnds(api, (await runNow(api, host, group_id)).id);
    const first = await run();
    await run();
    await snapshotsWhen(api, host, 2);

    await resticByHand(url, repositoryPassword, [
      "forget",
      first.snapshot_id ?? "",
    ]);
    await run();

    const ids = (list: readonly { id: string }[]) =>
      list.map(({ id }) => id).sort();
    const real = ids(await snapshotsByHand(url, repositoryPassword));
    expect(real).not.toContain(first.snapshot_id ?? "");
    await waitFor(
      "the list is restic's",
      async () => String(ids(await snapshotsOf(api, host))) === String(real),
    );
  }),
  limit,
);

test(
  "every line of the server's log is JSON, and a request is one line without its body [LOG-01] [LOG-04]",
  inLab(async (lab) => {
    const { server, api, host } = await approvedStand(lab);
    await api.ask("POST", `/api/hosts/${host.id}/setup`, {
      note: "a body that must not be logged",
    });
    const lines = await waitFor("the request is logged", () => {
      const all = server.program().stdout().trim().split("\n");
      return all.some((line) => line.includes("/api/hosts/:id/setup"))
        ? all
        : null;
    });
    const entries = lines.map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );

    for (const entry of entries)
      expect(entry).toMatchObject({
        level: expect.any(String),
        msg: expect.any(String),
      });
    expect(
      entries.find(({ route }) => route === "/api/hosts/:id/setup"),
    ).toMatchObject({
      method: "POST",
      status: 400,
      user: "admin",
      code: "invalid_request",
      request_id: expect.any(String),
      ms: expect.any(Number),
    });
    expect(lines.join("\n")).not.toContain("must not be logged");
    expect(entries.some(({ level }) => level === "debug")).toBe(false);
  }),
  limit,
);
