import { existsSync, readFileSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import type { Heartbeat } from "@restic-manager/shared/protocol/hello.ts";
import { systemClock } from "./clock.ts";
import { readApproval, saveApproval } from "./identity/approval.ts";
import { loadOrMintIdentity, readIdentity } from "./identity/identity.ts";
import { createRandom } from "./random.ts";
import { agentEnds, pathsIn } from "./testing/agent-process.ts";
import { fill, isCounting, rigIn, running, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());
const random = createRandom(systemClock);

const answers = ({ server }: Rig) =>
  until("an agent that answers", async () => {
    const answer = await server
      .command("ping", {}, { timeout: 500 })
      .catch(() => null);
    return answer?.ok === true;
  });
const keyOf = ({ dir }: Rig) => {
  const identity = readIdentity(pathsIn(dir).identity);
  return identity === null ? "" : toBase64Url(identity.publicKey);
};

test("every process names itself, in the greeting and in signed heartbeats [TRN-11]", () =>
  withRig(async (rig) => {
    const { server } = rig;
    const seen: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      const agent = rig.start();
      const before = server.requests("hello");
      await until("the greeting", () => server.requests("hello") > before);
      const instance = server.hello()?.["instance"];
      expect(instance).toMatch(/^[A-Za-z0-9_-]{22}$/);
      const mine = () =>
        (server.lossy("hb") as Heartbeat[]).filter(
          (beat) => beat.instance === instance,
        );
      await until("heartbeats", () => mine().length > 2);
      const times = mine().map(({ t }) => t);
      expect([...new Set(times)].sort()).toEqual(times);
      seen.push(instance);
      agent.signal("SIGTERM");
      await agent.exited;
    }
    expect(seen[0]).not.toBe(seen[1]);
  }));

test("a removal that the server has not signed, or signed for another question, stops no backups [ENR-13]", () =>
  withRig(async (rig) => {
    const { server } = rig;
    const agent = rig.start();
    await rig.online();
    server.setStanding("host_revoked");
    let answered = 0;
    let earlier: unknown = null;
    server.tamper((path, body) => {
      if (path !== "/api/agents/session") return body;
      answered++;
      const { refusal, ...unsigned } = body;
      earlier ??= refusal;
      return answered === 1 ? unsigned : { ...unsigned, refusal: earlier };
    });
    server.cutOff();
    await until("two made-up removals", () => answered >= 2);
    expect(agent.lines.join("\n")).toContain("has not signed it");

    server.setStanding("approved");
    server.tamper((_, body) => body);
    server.dropOldKeys();
    const before = server.hello();
    await until("another greeting", () => server.hello() !== before);
    agent.signal("SIGTERM");
    expect((await agent.exited).code).toBe(0);
  }));

test("that a key is unknown counts with the server's signature alone: no new key is thrown away, nothing is announced [ENR-14]", () =>
  withRig(async (rig) => {
    const { server, dir } = rig;
    const next = loadOrMintIdentity(pathsIn(dir).nextIdentity, random);
    server.addKey(next);
    server.setStanding("host_unknown");
    let answered = 0;
    server.tamper((path, body) => {
      if (path !== "/api/agents/session") return body;
      answered++;
      const { refusal: _, ...unsigned } = body;
      return unsigned;
    });
    rig.start();
    await until("a made-up answer", () => answered > 0);
    server.setStanding("approved");
    server.tamper(null);
    await answers(rig);
    expect(keyOf(rig)).toBe(toBase64Url(next.publicKey));
    expect(server.announcements()).toBe(0);
  }));

test("a removed host is cut, says so in one line, ends with 5, and never announces itself again [ENR-13]", () =>
  withRig(async (rig) => {
    const { server, dir } = rig;
    const agent = rig.start();
    await rig.online();
    const before = agent.lines.length;
    server.setStanding("host_revoked");
    server.cutOff();
    expect((await agent.exited).code).toBe(5);
    const words = agent.lines
      .slice(before)
      .filter((line) => line.startsWith("An administrator removed this host"));
    expect(words).toEqual([
      expect.stringMatching(
        /To join again: restic-manager-agent enrol http:\S+$/,
      ),
    ]);
    expect((await rig.start().exited).code).toBe(5);
    expect(server.announcements()).toBe(0);

    server.decide("approved");
    expect((await agentEnds(dir, "enrol", server.url, "--exit")).code).toBe(0);
    expect(server.announcements()).toBe(1);
  }));

test("a credential that the broker refuses is replaced without asking a person [ENR-08]", () =>
  withRig(async (rig) => {
    const { server } = rig;
    server.cutOff();
    const agent = rig.start();
    await until("the question", () => server.sessions() > 0);
    server.dropOldKeys();
    await answers(rig);
    expect(server.announcements()).toBe(0);
    expect(agent.lines.join("\n")).not.toContain("announces itself");
  }));

test("a credential past its half life is renewed over the live connection, and when the server hints at it", () =>
  withRig(async (rig) => {
    const { server, dir } = rig;
    const { approval } = pathsIn(dir);
    const stored = readApproval(approval);
    if (stored === null) throw new Error("not approved");
    const old = server.jwt(100, 50);
    saveApproval(approval, { ...stored, jwt: old });
    const agent = rig.start();
    await until("the renewal", () => readApproval(approval)?.jwt !== old);
    expect(readNatsJwt(readApproval(approval)?.jwt ?? "")?.exp).toBeGreaterThan(
      systemClock.now() / 1000 + 3_000,
    );
    expect(server.sessions()).toBe(0);
    agent.signal("SIGTERM");
    await agent.exited;

    server.hintRenewal(true);
    rig.start();
    await until("another one", () => server.requests("renew") === 2);
    expect(server.hello()?.["jwt_issuer"]).toMatch(/^A[A-Z2-7]{55}$/);
  }));

test("a new key in the middle of a backup: the job goes on, nothing is lost, the old key is worth nothing [ENR-14]", () =>
  withRig(
    async (rig) => {
      const { server, dir } = rig;
      await rig.restic.byHand("init");
      fill(rig.source, 2);
      rig.start();
      await rig.online();
      await rig.configure();
      const before = keyOf(rig);
      // Taken by nobody until the key is another one.
      server.loseAcks(true);
      const jobId = await rig.runNow();
      await running(rig);
      expect(await server.command("key.rotate", {})).toMatchObject({
        ok: true,
      });
      expect(server.keys()).toEqual([before, keyOf(rig)]);
      expect(keyOf(rig)).not.toBe(before);
      expect(existsSync(pathsIn(dir).nextIdentity)).toBe(false);
      server.dropOldKeys();
      server.loseAcks(false);
      await answers(rig);
      const done = await rig.done(jobId);
      expect(done.outcome).toBe("succeeded");
      expect(rig.log(jobId)).toHaveLength(done.log_lines);
      expect(isCounting(server.events().map(({ seq }) => seq))).toBe(true);
      expect(rig.events("job.done")).toHaveLength(1);
      // Secrets go to the new key from now on.
      await rig.configure();
      expect(server.sessions()).toBe(0);
    },
    { slow: true },
  ));

test.each([
  ["before the server was asked", "asked"],
  ["before the server's answer", "answered"],
  ["between the approval and the key", "approved"],
])(
  "killed %s, a change of the key is brought to its end or undone [ENR-14]",
  (_name, step) =>
    withRig(async (rig) => {
      const { server, dir } = rig;
      const paths = pathsIn(dir);
      const before = keyOf(rig);
      if (step === "answered") {
        server.loseAnswers("rotate");
        const agent = rig.start();
        await rig.online();
        void server.command("key.rotate", {}).catch(() => {});
        await until("the question", () => server.requests("rotate") === 1);
        process.kill(agent.pid ?? 0, "SIGKILL");
        await agent.exited;
        expect(keyOf(rig)).toBe(before);
      } else {
        const next = loadOrMintIdentity(paths.nextIdentity, random);
        const stored = readApproval(paths.approval);
        if (step === "approved" && stored !== null) {
          server.addKey(next);
          const public_key = toBase64Url(next.publicKey);
          saveApproval(paths.approval, { ...stored, public_key });
        }
      }
      const agent = rig.start();
      await answers(rig);
      expect(existsSync(paths.nextIdentity)).toBe(false);
      expect(keyOf(rig)).toBe(server.keys().at(-1) ?? "");
      expect(keyOf(rig) === before).toBe(step === "asked");
      expect(server.announcements()).toBe(0);
      agent.signal("SIGTERM");
      expect((await agent.exited).code).toBe(0);
    }),
);

test("an answer that is lost with the connection does not leave host and server with different keys [ENR-14]", () =>
  withRig(async (rig) => {
    const { server } = rig;
    rig.start();
    await rig.online();
    server.loseAnswers("rotate");
    void server.command("key.rotate", {}).catch(() => {});
    await until("the question", () => server.requests("rotate") === 1);
    await server.close();
    server.open();
    await answers(rig);
    expect(keyOf(rig)).toBe(server.keys()[1] ?? "");
  }));

test("killed at any instant of a change of the key, the host comes back by itself [ENR-14]", () =>
  withRig(async (rig) => {
    const { server } = rig;
    for (const ms of [0, 2, 5, 10, 20]) {
      const agent = rig.start();
      await answers(rig);
      void server.command("key.rotate", {}).catch(() => {});
      await new Promise<void>((resolve) => systemClock.after(ms, resolve));
      process.kill(agent.pid ?? 0, "SIGKILL");
      await agent.exited;
      const again = rig.start();
      await answers(rig);
      expect(keyOf(rig)).toBe(server.keys().at(-1) ?? "");
      again.signal("SIGTERM");
      await again.exited;
    }
    expect(server.announcements()).toBe(0);
    expect(readFileSync(pathsIn(rig.dir).identity, "utf8")).toContain(
      "ed25519",
    );
  }));
