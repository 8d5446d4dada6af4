import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  inboxPrefix,
  parseSubject,
  pattern,
  topic,
} from "@restic-manager/shared/protocol/topic.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../clock.ts";
import type { BusError } from "../ports/bus.ts";
import { createTestLog } from "../testing/test-log.ts";
import { describeBus, until } from "./bus-contract.ts";
import type { BusAgent } from "./memory-bus.ts";
import { createNatsBus } from "./nats-bus.ts";
import {
  approve,
  connectAgent,
  connectControlPlane,
  createTestBroker,
  type TestBroker,
} from "./nats-testing.ts";

const small = { events: 1024 * 1024, logs: 1024 * 1024 };

function busOf({ broker }: TestBroker, clock = systemClock) {
  const log = createTestLog();
  const bus = createNatsBus({
    address: broker.address,
    credentials: broker.controlPlane,
    streamBytes: small,
    clock,
    log,
  });
  return { bus, log };
}

function agentOf(hostId: string, connection: NatsConnection): BusAgent {
  return {
    async publish(subject, text) {
      const lane = parseSubject(subject)?.lane ?? "";
      if (["evt", "log"].includes(lane))
        await connection.request(subject, text);
      else {
        connection.publish(subject, text);
        await connection.flush();
      }
    },
    request: (subject, text) =>
      connection.request(subject, text, { timeout: 200 }).then(
        (reply) => reply.string(),
        () => null,
      ),
    answer(handler) {
      const subscription = connection.subscribe(pattern.commands(hostId), {
        callback: (_, message) => {
          const verb = parseSubject(message.subject)?.tail ?? "";
          void Promise.resolve(handler(verb, message.string())).then(
            (reply) => reply !== null && message.respond(reply),
          );
        },
      });
      return () => subscription.unsubscribe();
    },
  };
}

describeBus("nats bus", async () => {
  const under = createTestBroker();
  await under.broker.start();
  const { bus } = busOf(under);
  const connections: NatsConnection[] = [];
  return {
    bus,
    async agent(hostId) {
      const login = approve(under.broker, undefined, hostId);
      const connection = await connectAgent(under, login);
      connections.push(connection);
      return agentOf(hostId, connection);
    },
    async close() {
      for (const connection of connections) await connection.close();
      await under.remove();
    },
  };
});

describe("nats bus on a real broker", () => {
  let under: TestBroker;
  beforeAll(async () => {
    under = createTestBroker();
    await under.broker.start();
  });
  afterAll(() => under.remove());

  test("a request that asks to be answered on another host's subject is not answered", async () => {
    const { bus, log } = busOf(under);
    const served: string[] = [];
    bus.serve(pattern.requests, async (message) => {
      served.push(message.text);
      return "answer";
    });
    bus.start();
    await until(bus.connected);
    const victim = approve(under.broker);
    const attacker = approve(under.broker);
    const victimLink = await connectAgent(under, victim);
    const attackerLink = await connectAgent(under, attacker);
    const reached: string[] = [];
    for (const subject of [
      pattern.commands(victim.hostId),
      `${inboxPrefix(victim.hostId)}.>`,
    ])
      victimLink.subscribe(subject, {
        callback: (_, message) => void reached.push(message.subject),
      });
    await victimLink.flush();
    for (const reply of [
      topic.command(victim.hostId, "job.start"),
      `${inboxPrefix(victim.hostId)}.x`,
      `${inboxPrefix(attacker.hostId)}x.y`,
    ])
      attackerLink.publish(topic.request(attacker.hostId, "hello"), "forged", {
        reply,
      });
    const honest = await attackerLink.request(
      topic.request(attacker.hostId, "hello"),
      "honest",
    );
    expect(honest.string()).toBe("answer");
    expect(served).toEqual(["honest"]);
    await victimLink.flush();
    expect(reached).toEqual([]);
    expect(log.entries.filter((e) => e.level === "warn")).toHaveLength(1);
    await Promise.all([victimLink.close(), attackerLink.close(), bus.close()]);
  });

  test("a command whose connection ends may have arrived, and is not called undelivered", async () => {
    const { bus } = busOf(under);
    bus.start();
    await until(bus.connected);
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    const heard: string[] = [];
    agent.subscribe(pattern.commands(login.hostId), {
      callback: (_, message) => void heard.push(message.string()),
    });
    await agent.flush();
    const answer = bus
      .request(topic.command(login.hostId, "job.start"), "now", 5_000)
      .catch((error: unknown) => (error as BusError).code);
    await until(() => heard.length === 1);
    const pid = under.pid();
    process.kill(pid, "SIGKILL");
    expect(await answer).toBe("timeout");
    await until(() => under.pid() !== pid);
    await bus.close();
  });

  test("a full stream refuses, and what was read is freed within seconds", async () => {
    const clock = createManualClock(systemClock.now());
    const { bus } = busOf(under, clock);
    bus.start();
    await until(bus.connected);
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    const manager = await jetstreamManager(await connectControlPlane(under));
    const state = async () => (await manager.streams.info("RM_EVT")).state;

    const event = topic.event(login.hostId, "snap.part");
    const large = "x".repeat(200 * 1024);
    const answers: { error?: { description: string } }[] = [];
    for (let i = 0; i < 6; i++)
      answers.push((await agent.request(event, large)).json());
    expect(answers.filter((answer) => answer.error)).not.toEqual([]);
    const stored = (await state()).messages;

    const read: string[] = [];
    bus.ingest("events", async (messages) => {
      read.push(...messages.map((message) => message.hostId));
    });
    await until(async () => {
      await clock.advance(100);
      return read.length === stored;
    });
    await until(async () => {
      const { ack_floor } = await manager.consumers.info("RM_EVT", "ingest");
      return ack_floor.stream_seq >= stored;
    });
    await clock.advance(5_000);
    await until(async () => (await state()).messages === 0);
    expect((await agent.request(event, large)).json()).not.toHaveProperty(
      "error",
    );
    await Promise.all([agent.close(), bus.close()]);
  });

  test("ten seconds of 10,000 lines a second are at most one batch in 100 ms, and none is lost [JOB-09]", async () => {
    const clock = createManualClock(systemClock.now());
    const { bus } = busOf(under, clock);
    bus.start();
    await until(bus.connected);
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    const seen = new Set<string>();
    let batches = 0;
    bus.ingest("logs", async (messages) => {
      const own = messages.filter(({ hostId }) => hostId === login.hostId);
      if (own.length > 0) batches += 1;
      for (const { text } of own) seen.add(text);
    });

    // 50 lines a message: 20 of them every 100 ms.
    const subject = topic.log(login.hostId, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    for (let tick = 0; tick < 100; tick++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          agent.request(subject, `${tick}/${i}`),
        ),
      );
      await clock.advance(100);
    }
    let ticks = 100;
    await until(async () => {
      ticks += 1;
      await clock.advance(100);
      return seen.size === 2000;
    });
    // The first one needs no waiting.
    expect(batches).toBeLessThanOrEqual(ticks + 1);
    expect(batches).toBeGreaterThan(1);
    await Promise.all([agent.close(), bus.close()]);
  });

  test("after the broker was killed twice the bus is back and no acknowledged event is lost", async () => {
    const { bus } = busOf(under);
    bus.start();
    await until(bus.connected);
    const login = approve(under.broker);
    const stored = new Map<string, number>();
    bus.ingest("events", async (messages) => {
      for (const { hostId, text } of messages)
        if (hostId === login.hostId)
          stored.set(text, (stored.get(text) ?? 0) + 1);
    });

    // The agent's outbox: a row stays until the broker has acknowledged it.
    const outbox = Array.from({ length: 300 }, (_, i) => `event ${i}`);
    let connection: NatsConnection | null = null;
    let killed = 0;
    while (outbox.length > 0) {
      try {
        connection ??= await connectAgent(under, login);
        await connection.request(
          topic.event(login.hostId, "job.done"),
          outbox[0] ?? "",
          { timeout: 500 },
        );
        outbox.shift();
        if (outbox.length === 200 || outbox.length === 100) {
          process.kill(under.pid(), "SIGKILL");
          killed++;
        }
      } catch {
        await connection?.close();
        connection = null;
        await Bun.sleep(20);
      }
    }
    await until(() => stored.size === 300, 8_000);
    expect(killed).toBe(2);
    // A killed broker forgets what was read, so it may hand it over once more.
    expect(Math.max(...stored.values())).toBeLessThanOrEqual(1 + killed);
    await Promise.all([connection?.close(), bus.close()]);
  });
});
