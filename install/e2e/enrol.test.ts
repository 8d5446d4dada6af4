import { expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { accept, enrolAgent, online, pendingOf } from "./rig/agent.ts";
import { inLab } from "./rig/lab.ts";
import { startServer } from "./rig/server.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Pending } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 60_000;
/** Short, so that a test sees a host go offline. */
const presence = { RM_OFFLINE_AFTER: "3s", RM_HEARTBEAT_INTERVAL: "1s" };

test(
  "a rejected agent ends with exit code 3 and one clear line [ENR-06]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const agent = await enrolAgent(lab, server);
    const pending = await pendingOf(api, await agent.fingerprint());

    await api.post(`/api/pending/${pending.id}/reject`);

    expect(await agent.program().exit()).toEqual({ code: 3, signal: null });
    const lines = agent
      .program()
      .text()
      .split("\n")
      .filter((line) => /reject/i.test(line));
    expect(lines).toHaveLength(1);
    expect(await api.get<{ pending: Pending[] }>("/api/pending")).toEqual({
      pending: [],
    });
  }),
  limit,
);

test(
  "of two tabs that decide at the same moment one wins, and the agent does what it said [ENR-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const [one, two] = [await server.logIn(), await server.logIn()];
    const agent = await enrolAgent(lab, server);
    const { id, fingerprint } = await pendingOf(one, await agent.fingerprint());

    const [approving, rejecting] = await Promise.all([
      one.ask("POST", `/api/pending/${id}/accept`, { fingerprint }),
      two.ask("POST", `/api/pending/${id}/reject`, {}),
    ]);

    const approved = approving.status < 300;
    const loser = approved ? rejecting : approving;
    expect([approved, rejecting.status < 300].filter(Boolean)).toHaveLength(1);
    expect(loser.body.code).toBe("pending_decided");
    expect(loser.body.message).toMatch(/already decided/);
    if (approved) await agent.program().line(/approved/i);
    else expect((await agent.program().exit()).code).toBe(3);
  }),
  limit,
);

test(
  "an approval of a fingerprint that was not shown is refused and leaves the host waiting [ENR-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const agent = await enrolAgent(lab, server);
    const { id, fingerprint } = await pendingOf(api, await agent.fingerprint());

    const other = `SHA256:${"0".repeat(64)}`;
    const answer = await api.ask("POST", `/api/pending/${id}/accept`, {
      fingerprint: other,
    });

    expect([answer.status, answer.body.code]).toEqual([
      409,
      "fingerprint_mismatch",
    ]);
    await accept(api, await pendingOf(api, fingerprint));
  }),
  limit,
);

test(
  "two endpoints of one name are both flagged, and accepting one keeps the other [ENR-08]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const first = await enrolAgent(lab, server, { name: "first" });
    await pendingOf(api, await first.fingerprint());
    const second = await enrolAgent(lab, server, { name: "second" });
    const rows = await waitFor("both wait", async () => {
      const { pending } = await api.get<{ pending: Pending[] }>("/api/pending");
      return pending.length === 2 ? pending : null;
    });

    expect(rows.map(({ collision }) => collision)).toEqual([
      "pending",
      "pending",
    ]);
    await accept(api, await pendingOf(api, await first.fingerprint()));
    const left = await pendingOf(api, await second.fingerprint());
    expect(left.collision).toBe("host");
  }),
  limit,
);

test(
  "an agent keeps its identity over restarts, readable by its owner alone [ENR-01]",
  inLab(async (lab) => {
    const { api, agent, host } = await approvedStand(lab, { env: presence });
    const fingerprint = await agent.fingerprint();
    expect(host.fingerprint).toBe(fingerprint);
    expect(await agent.program().stop()).toEqual({ code: 0, signal: null });
    await online(api, host.id, false, 20_000);

    agent.run();

    const back = await online(api, host.id);
    expect(back.fingerprint).toBe(fingerprint);
    for (const file of readdirSync(agent.stateDir, { withFileTypes: true }))
      if (file.isFile())
        expect([
          file.name,
          statSync(join(agent.stateDir, file.name)).mode & 0o077,
        ]).toEqual([file.name, 0]);
    expect(statSync(agent.config).mode & 0o077).toBe(0);
  }),
  limit,
);

test(
  "an agent killed between its approval and saving it gets the approval again [ENR-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const agent = await enrolAgent(lab, server);
    const fingerprint = await agent.fingerprint();
    const pending = await pendingOf(api, fingerprint);

    // Stopped, it cannot read the answer that the server sends it; killed, it never will.
    agent.program().signal("SIGSTOP");
    const host = await accept(api, pending);
    await agent.program().kill();
    agent.verb("enrol", [server.url, "--server-key", await server.serverKey()]);

    expect((await online(api, host.id)).fingerprint).toBe(fingerprint);
    expect(await api.get<{ pending: Pending[] }>("/api/pending")).toEqual({
      pending: [],
    });
  }),
  limit,
);

test(
  "an endpoint says whether a fingerprint is its own [ENR-15]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const agent = await enrolAgent(lab, server);
    const fingerprint = await agent.fingerprint();
    const groups = fingerprint.slice("SHA256:".length).match(/.{4}/g) ?? [];

    for (const spelling of [fingerprint, groups.join(" ").toUpperCase()]) {
      const match = agent.verb("verify", [spelling]);
      expect([spelling, (await match.exit()).code]).toEqual([spelling, 0]);
      expect(match.text()).toMatch(/match/i);
    }
    const other = agent.verb("verify", [`SHA256:${"ab".repeat(32)}`]);
    expect((await other.exit()).code).toBeGreaterThan(0);
    expect(other.text()).toMatch(/not|mismatch|differ/i);
  }),
  limit,
);

test(
  "enrol with --exit ends well after the approval, and run goes on from there [ENR-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const agent = await enrolAgent(lab, server, { args: ["--exit"] });
    const host = await accept(
      api,
      await pendingOf(api, await agent.fingerprint()),
    );
    expect(await agent.program().exit()).toEqual({ code: 0, signal: null });

    agent.run();

    await online(api, host.id);
  }),
  limit,
);
