import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pattern, topic } from "@restic-manager/shared/protocol/topic.ts";
import { type Bus, BusError, type BusMessage } from "../ports/bus.ts";
import type { BusAgent } from "./memory-bus.ts";

/** One bus that has not been started, and agents that are connected to the same broker. */
export interface BusUnderTest {
  readonly bus: Bus;
  agent(hostId: string): Promise<BusAgent>;
  close(): Promise<void>;
}

/** What the server relies on, whatever carries it. */
export function describeBus(
  name: string,
  create: () => Promise<BusUnderTest>,
): void {
  describe(name, () => {
    let under: BusUnderTest;
    let host = 0;

    /** A host of its own for each test: they share one bus. */
    async function newAgent(): Promise<{ hostId: string; agent: BusAgent }> {
      const hostId = `h${String(++host).padStart(12, "0")}`;
      return { hostId, agent: await under.agent(hostId) };
    }

    /** Everything an agent did before has reached the broker once its heartbeat has. */
    function settled(hostId: string, agent: BusAgent): Promise<void> {
      return agent.publish(topic.heartbeat(hostId), "{}");
    }

    /** Reads a stream for one test: only what its own host reported. */
    function ingestOf(hostId: string, failures = 0) {
      const batches: BusMessage[][] = [];
      const texts: string[] = [];
      let left = failures;
      const stop = under.bus.ingest("events", async (messages) => {
        const own = messages.filter((message) => message.hostId === hostId);
        if (own.length > 0 && left-- > 0) throw new Error("the store is busy");
        batches.push([...own]);
        texts.push(...own.map((message) => message.text));
      });
      return { batches, texts, stop };
    }

    beforeAll(async () => {
      under = await create();
    });
    afterAll(() => under.close());

    test("before it is started it says that there is no connection", async () => {
      const refused = under.bus.request(
        topic.command("hnobody000000", "ping"),
        "{}",
        100,
      );
      expect(await codeOf(refused)).toBe("bus_down");
      expect(under.bus.connected()).toBe(false);
      under.bus.start();
      await until(() => under.bus.connected());
    });

    test("a command reaches its host alone and brings back the answer", async () => {
      const one = await newAgent();
      const other = await newAgent();
      const heard: string[] = [];
      one.agent.answer((verb, text) => `${verb} ${text}`);
      other.agent.answer((verb) => {
        heard.push(verb);
        return "other";
      });
      await settled(one.hostId, one.agent);
      await settled(other.hostId, other.agent);
      const answer = await under.bus.request(
        topic.command(one.hostId, "job.start"),
        "now",
        2_000,
      );
      expect(answer).toBe("job.start now");
      expect(heard).toEqual([]);
    });

    test("a command to a host that is offline is refused at once", async () => {
      const { hostId, agent } = await newAgent();
      const leave = agent.answer(() => "here");
      leave();
      await settled(hostId, agent);
      const refused = under.bus.request(
        topic.command(hostId, "ping"),
        "{}",
        5_000,
      );
      expect(await codeOf(refused)).toBe("no_listener");
    });

    test("a host that does not answer times out", async () => {
      const { hostId, agent } = await newAgent();
      agent.answer(() => null);
      await settled(hostId, agent);
      const silent = under.bus.request(topic.command(hostId, "ping"), "{}", 60);
      expect(await codeOf(silent)).toBe("timeout");
    });

    test("heartbeats of every host are heard with the host they are from, until unsubscribed", async () => {
      const one = await newAgent();
      const two = await newAgent();
      const heard: BusMessage[] = [];
      const stop = under.bus.subscribe(pattern.heartbeats, (message) =>
        heard.push(message),
      );
      await until(async () => {
        await one.agent.publish(topic.heartbeat(one.hostId), "a");
        await two.agent.publish(topic.heartbeat(two.hostId), "b");
        return new Set(heard.map((message) => message.hostId)).size === 2;
      });
      for (const message of [
        { hostId: one.hostId, tail: "", text: "a" },
        { hostId: two.hostId, tail: "", text: "b" },
      ])
        expect(heard).toContainEqual(message);
      stop();
      const before = heard.length;
      await one.agent.publish(topic.heartbeat(one.hostId), "late");
      await one.agent.publish(topic.event(one.hostId, "log.gap"), "{}");
      expect(heard.length).toBe(before);
    });

    test("a request is answered to the host that asks, and a failing one does not stop the next", async () => {
      const { hostId, agent } = await newAgent();
      const stop = under.bus.serve(pattern.requests, async (message) => {
        if (message.text === "fail") throw new Error("no");
        if (message.text === "silent") return null;
        return `${message.hostId} ${message.tail} ${message.text}`;
      });
      await until(async () => {
        const answer = await agent.request(topic.request(hostId, "hello"), "x");
        return answer === `${hostId} hello x`;
      });
      expect(
        await agent.request(topic.request(hostId, "hello"), "fail"),
      ).toBeNull();
      expect(
        await agent.request(topic.request(hostId, "resume"), "silent"),
      ).toBeNull();
      expect(await agent.request(topic.request(hostId, "cfg.get"), "y")).toBe(
        `${hostId} cfg.get y`,
      );
      stop();
    });

    test("what a host reports is handed over with its kind, also what came before anyone read", async () => {
      const { hostId, agent } = await newAgent();
      await agent.publish(topic.event(hostId, "job.started"), "early");
      const { batches, texts, stop } = ingestOf(hostId);
      await agent.publish(topic.event(hostId, "job.done"), "late");
      await agent.publish(topic.log(hostId, "job-1"), "a line");
      await until(() => texts.length === 2);
      expect(batches.flat().toSorted(byText)).toEqual([
        { hostId, tail: "job.started", text: "early" },
        { hostId, tail: "job.done", text: "late" },
      ]);
      stop();
    });

    test("job logs come from their own stream", async () => {
      const { hostId, agent } = await newAgent();
      const lines: BusMessage[] = [];
      const stop = under.bus.ingest("logs", async (messages) => {
        lines.push(...messages.filter((line) => line.hostId === hostId));
      });
      await agent.publish(topic.log(hostId, "job-2"), "a line");
      await until(() => lines.length > 0);
      expect(lines).toEqual([{ hostId, tail: "job-2", text: "a line" }]);
      stop();
    });

    test("a batch that could not be stored comes again, whole", async () => {
      const { hostId, agent } = await newAgent();
      const { texts, stop } = ingestOf(hostId, 2);
      const sent = Array.from({ length: 5 }, (_, i) => `event ${i}`);
      for (const text of sent)
        await agent.publish(topic.event(hostId, "job.done"), text);
      await until(() => new Set(texts).size === sent.length);
      expect([...new Set(texts)].toSorted()).toEqual(sent);
      stop();
    });

    test("batches are handed over one at a time", async () => {
      const { hostId, agent } = await newAgent();
      let running = 0;
      let most = 0;
      let seen = 0;
      const stop = under.bus.ingest("events", async (messages) => {
        most = Math.max(most, ++running);
        await Bun.sleep(2);
        seen += messages.filter((one) => one.hostId === hostId).length;
        running--;
      });
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          agent.publish(topic.event(hostId, "job.done"), String(i)),
        ),
      );
      await until(() => seen >= 20);
      expect(most).toBe(1);
      stop();
    });

    test("closing waits for the batch that is being stored", async () => {
      const { hostId, agent } = await newAgent();
      const started = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      let stored = false;
      under.bus.ingest("events", async (messages) => {
        if (!messages.some((message) => message.hostId === hostId)) return;
        started.resolve();
        await release.promise;
        stored = true;
      });
      await agent.publish(topic.event(hostId, "job.done"), "last");
      await started.promise;
      const closed = under.bus.close();
      release.resolve();
      await closed;
      expect(stored).toBe(true);
      expect(under.bus.connected()).toBe(false);
    });
  });
}

const byText = (a: BusMessage, b: BusMessage) => a.text.localeCompare(b.text);

async function codeOf(refused: Promise<unknown>): Promise<string | null> {
  try {
    await refused;
    return null;
  } catch (error) {
    return error instanceof BusError ? error.code : String(error);
  }
}

/** Waits until a condition holds. For real processes and connections only, which tell nobody when they are ready. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs = 5_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`did not happen within ${limitMs} ms`);
    await Bun.sleep(10);
  }
}
