import { errors, type NatsConnection } from "@nats-io/nats-core";
import {
  readNatsJwt,
  signNatsJwt,
} from "@restic-manager/shared/identity/nats-jwt.ts";
import {
  inboxPrefix,
  pattern,
  topic,
} from "@restic-manager/shared/protocol/topic.ts";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { until } from "./bus-contract.ts";
import { offlineDebugCreds, rotateAgentSigning } from "./nats-offline.ts";
import {
  approve,
  connectAgent,
  connectCreds,
  createTestBroker,
  createUserKey,
  newHostId,
  type TestBroker,
} from "./nats-testing.ts";

const random = createRandom(systemClock);

describe("identities", () => {
  let under: TestBroker;
  beforeAll(async () => {
    under = createTestBroker();
    await under.broker.start();
  });
  afterAll(() => under.remove());

  test("an approved agent speaks on its own subjects and hears its own commands", async () => {
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    const denied = deniedOn(agent);
    agent.subscribe(pattern.commands(login.hostId));
    agent.subscribe(pattern.allAgents);
    agent.publish(topic.heartbeat(login.hostId), "{}");
    agent.publish(topic.event(login.hostId, "job.done"), "{}");
    agent.publish(topic.log(login.hostId, "job"), "{}");
    agent.publish(topic.live(login.hostId, "job"), "{}");
    agent.publish(topic.request(login.hostId, "hello"), "{}");
    await agent.flush();
    expect(denied).toEqual([]);
    await agent.close();
  });

  test("an agent is refused every subject of another host, of the server and of the broker", async () => {
    const victim = approve(under.broker);
    const agent = await connectAgent(under, approve(under.broker));
    const denied = deniedOn(agent);
    const heard = [
      pattern.commands(victim.hostId),
      pattern.commands("*"),
      pattern.heartbeats,
      pattern.events,
      pattern.requests,
      ">",
      "_INBOX.>",
      `${inboxPrefix(victim.hostId)}.>`,
      "$SYS.>",
    ];
    const spoken = [
      topic.heartbeat(victim.hostId),
      topic.event(victim.hostId, "job.done"),
      topic.log(victim.hostId, "job"),
      topic.request(victim.hostId, "hello"),
      topic.command(victim.hostId, "job.start"),
      `${inboxPrefix(victim.hostId)}.x`,
      "_INBOX.cp.x",
      "$JS.API.INFO",
      "$JS.API.CONSUMER.MSG.NEXT.RM_EVT.ingest",
      "$JS.ACK.RM_EVT.ingest.1.1.1.1.0",
      "$SYS.REQ.SERVER.PING",
    ];
    for (const subject of heard) agent.subscribe(subject);
    for (const subject of spoken) agent.publish(subject, "{}");
    await agent.flush();
    await until(() => denied.length >= heard.length + spoken.length);
    expect(denied.toSorted()).toEqual(
      [
        ...heard.map((subject) => `subscription ${subject}`),
        ...spoken.map((subject) => `publish ${subject}`),
      ].toSorted(),
    );
    await agent.close();
  });

  test("a key without a JWT, a JWT of its own making and a stolen JWT are refused", async () => {
    const login = approve(under.broker);
    const stranger = createUserKey();
    const selfMade = signNatsJwt(
      {
        issuer: stranger.nkey,
        subject: stranger.nkey,
        name: login.hostId,
        issuedAt: 1,
        nats: { type: "user", version: 2 },
      },
      stranger.sign,
    );
    for (const attempt of [
      { ...login, ...stranger, jwt: "" },
      { ...login, ...stranger, jwt: selfMade },
      { ...login, sign: stranger.sign },
    ])
      await expect(connectAgent(under, attempt)).rejects.toThrow(
        /authorization violation/i,
      );
  });

  test("only a user key, a host id made by the server and at most 30 days make a JWT", () => {
    const { nkey } = createUserKey();
    const day = 24 * 3_600_000;
    const issue = (key: string, host: string, days = 1) =>
      under.broker.issueAgentJwt(key, host, systemClock.now() + days * day);
    expect(issue(nkey, newHostId(), 30)).toStartWith("ey");
    expect(() => issue(nkey, "*")).toThrow("host id");
    expect(() => issue(nkey, "h.>")).toThrow("host id");
    expect(() => issue(`A${nkey.slice(1)}`, newHostId())).toThrow("nkey");
    expect(() => issue(nkey, newHostId(), 31)).toThrow("30 days");
    expect(() => issue(nkey, newHostId(), -1)).toThrow("30 days");
  });

  test("a revocation cuts the live connection, keeps it out over restarts, and touches nobody else", async () => {
    const revoked = approve(under.broker);
    const other = approve(under.broker);
    const cut = await connectAgent(under, revoked);
    const stays = await connectAgent(under, other);
    await under.broker.revokeAgent(revoked.nkey);
    await cut.closed();
    await expect(connectAgent(under, revoked)).rejects.toThrow();
    await stays.flush();

    const pid = under.pid();
    process.kill(pid, "SIGKILL");
    await stays.closed();
    await until(() => under.pid() !== pid);
    await expect(connectAgent(under, revoked)).rejects.toThrow();
    await (await connectAgent(under, other)).close();
    await expect(under.broker.revokeAgent("*")).rejects.toThrow("nkey");
  });

  test("a host approved again in the second of its revocation is let in", async () => {
    const login = approve(under.broker);
    await under.broker.revokeAgent(login.nkey);
    const again = approve(under.broker, login, login.hostId);
    await (await connectAgent(under, again)).close();
  });

  test("revoked, approved and revoked again within one second is out [ENR-13]", async () => {
    const login = approve(under.broker);
    await under.broker.revokeAgent(login.nkey);
    const again = approve(under.broker, login, login.hostId);
    await under.broker.revokeAgent(login.nkey);
    await expect(connectAgent(under, again)).rejects.toThrow();
    const third = approve(under.broker, login, login.hostId);
    await (await connectAgent(under, third)).close();
  });

  test("a revocation while the broker is down holds when it is back [ENR-13]", async () => {
    const revoked = approve(under.broker);
    const other = approve(under.broker);
    const pid = under.pid();
    process.kill(pid, "SIGKILL");
    await until(() => under.broker.address() === null);
    await under.broker.revokeAgent(revoked.nkey);
    expect(under.broker.revokedAt(revoked.nkey)).not.toBeNull();
    await until(() => under.broker.address() !== null);
    await expect(connectAgent(under, revoked)).rejects.toThrow();
    await (await connectAgent(under, other)).close();
  });

  test("debug credentials made beside the running server hear everything and say nothing", async () => {
    const { creds, url } = await offlineDebugCreds(
      {
        dataDir: under.dataDir,
        store: { load: async () => under.keys() },
        random,
        nowSeconds: Math.floor(systemClock.now() / 1000),
      },
      60,
    );
    const watcher = await connectCreds(url, creds);
    const denied = deniedOn(watcher);
    const heard: string[] = [];
    watcher.subscribe("rm.v1.>", {
      callback: (_, message) => void heard.push(message.subject),
    });
    await watcher.flush();
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    agent.publish(topic.heartbeat(login.hostId), "{}");
    await agent.flush();
    await until(() => heard.includes(topic.heartbeat(login.hostId)));
    for (const subject of [
      topic.command(login.hostId, "ping"),
      topic.heartbeat(login.hostId),
      "rm.v1.x",
      `${inboxPrefix(login.hostId)}.x`,
      "$JS.API.STREAM.DELETE.RM_EVT",
    ])
      watcher.publish(subject, "{}");
    await watcher.flush();
    await until(() => denied.length === 5);
    expect(heard).toEqual([topic.heartbeat(login.hostId)]);
    await Promise.all([agent.close(), watcher.close()]);
  });
});

test("what a former signing key signed opens until that key is dropped [ENR-14]", async () => {
  const before = createTestBroker();
  const { dataDir } = before;
  const store = {
    text: null as string | null,
    load: async () => store.text,
    save: async (text: string) => void (store.text = text),
  };
  const rotate = (step: "add" | "drop") =>
    rotateAgentSigning({ dataDir, store, random }, step);
  const runs: TestBroker[] = [before];
  const restart = async () => {
    await runs.at(-1)?.broker.stop();
    const next = createTestBroker({ dataDir, keys: store.text });
    runs.push(next);
    await next.broker.start();
    return next;
  };
  try {
    await expect(rotate("add")).rejects.toThrow("no keys yet");
    await before.broker.start();
    store.text = before.keys();
    await expect(rotate("add")).rejects.toThrow("Stop it");
    const old = approve(before.broker);
    const oldSigner = before.broker.agentSigner();
    expect(readNatsJwt(old.jwt)?.iss).toBe(oldSigner);
    await before.broker.stop();
    await expect(rotate("drop")).rejects.toThrow("without --finish");
    await rotate("add");

    const both = await restart();
    const renewed = approve(both.broker, old, old.hostId);
    expect(readNatsJwt(renewed.jwt)?.iss).toBe(both.broker.agentSigner());
    expect(both.broker.agentSigner()).not.toBe(oldSigner);
    await (await connectAgent(both, old)).close();
    await (await connectAgent(both, renewed)).close();

    await both.broker.stop();
    await rotate("drop");
    const after = await restart();
    await expect(connectAgent(after, old)).rejects.toThrow();
    await (await connectAgent(after, renewed)).close();
  } finally {
    for (const run of runs) await run.remove();
  }
});

/** What the broker refuses a connection from now on, as `publish subject` or `subscription subject`. */
function deniedOn(connection: NatsConnection): string[] {
  const denied: string[] = [];
  void (async () => {
    for await (const status of connection.status())
      if (
        status.type === "error" &&
        status.error instanceof errors.PermissionViolationError
      )
        denied.push(`${status.error.operation} ${status.error.subject}`);
  })();
  return denied;
}
