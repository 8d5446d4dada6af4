import { describe, expect, test } from "bun:test";
import { topic, pattern } from "@restic-manager/shared/protocol/topic.ts";
import { signingKey } from "../identity/keys.ts";
import { createLog } from "../log.ts";
import { systemClock } from "../clock.ts";
import { startNats } from "../testing/nats-server.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import type { Link, LinkError } from "./link.ts";
import { createMemoryLink } from "./memory-link.ts";
import { createNatsLink } from "./nats-link.ts";

const host = "habcdefghijkl";
const tempDir = createTempDirs();

/** What each kind of link must offer to be tested: the far end. */
interface Bench {
  readonly link: Link;
  onRequest(answer: (subject: string, body: string) => string): void;
  request(subject: string, body: string): Promise<string>;
  /** Bodies of what arrived on a subject. */
  received(subject: string): string[];
  cut(): Promise<void>;
  stop(): Promise<void>;
}

async function memoryBench(): Promise<Bench> {
  const { link, server } = createMemoryLink();
  return {
    link,
    onRequest: server.onRequest,
    request: async (subject, body) =>
      (await server.request(subject, body)) ?? "",
    received: (subject) =>
      server
        .received()
        .filter((m) => m.subject === subject)
        .map((m) => m.body),
    cut: async () => server.cut(),
    stop: async () => {},
  };
}

async function natsBench(): Promise<Bench> {
  const agent = signingKey(new Uint8Array(32).fill(1));
  const server = signingKey(new Uint8Array(32).fill(2));
  const agentRights = {
    publish: ["hb", "evt.>", "log.>", "live.>", "req.>"].map(
      (lane) => `rm.v1.${host}.${lane}`,
    ),
    subscribe: [`rm.v1.${host}.cmd.>`, `_INBOX.${host}.>`],
  };
  const nats = await startNats(tempDir(), { agent, server, agentRights });
  const far = await nats.connectAs(server);
  const stream = {
    name: "RM_EVT",
    subjects: ["rm.v1.*.evt.>"],
    storage: "file",
    duplicate_window: 120e9,
  };
  await far.request("$JS.API.STREAM.CREATE.RM_EVT", JSON.stringify(stream));
  const seen: { subject: string; body: string }[] = [];
  for (const lane of ["hb", "live.>"])
    far.subscribe(`rm.v1.*.${lane}`, {
      callback: (_e, m) =>
        void seen.push({ subject: m.subject, body: m.string() }),
    });
  const consumer = {
    stream_name: "RM_EVT",
    config: { deliver_subject: "deliver.evt", ack_policy: "none" },
  };
  far.subscribe("deliver.evt", {
    callback: (_e, m) =>
      void seen.push({ subject: m.subject, body: m.string() }),
  });
  await far.request("$JS.API.CONSUMER.CREATE.RM_EVT", JSON.stringify(consumer));
  const log = createLog({
    level: "error",
    format: "text",
    clock: systemClock,
    write: (line) => process.stderr.write(line),
  });
  return {
    link: createNatsLink({
      server: () => nats.server,
      trust: null,
      hostId: host,
      key: () => agent,
      jwt: () => "",
      log,
    }),
    onRequest: (answer) =>
      far.subscribe(pattern.requests, {
        callback: (_e, m) => void m.respond(answer(m.subject, m.string())),
      }),
    request: async (subject, body) =>
      (await far.request(subject, body, { timeout: 5000 })).string(),
    received: (subject) =>
      seen
        .filter((m) => m.subject === subject || m.subject === "deliver.evt")
        .map((m) => m.body),
    cut: async () => {
      await far.close();
      await nats.stop();
    },
    stop: async () => {
      await far.close();
      await nats.stop();
    },
  };
}

describe.each([
  ["memory", memoryBench],
  ["nats", natsBench],
] as const)("a %s link", (_name, makeBench) => {
  async function withBench(work: (bench: Bench) => Promise<void>) {
    const bench = await makeBench();
    try {
      await work(bench);
    } finally {
      await bench.stop();
    }
  }

  test("carries a request and its answer", () =>
    withBench(async ({ link, onRequest }) => {
      onRequest((subject, body) => `${subject}:${body}`);
      const connection = await link.connect();
      const subject = topic.request(host, "hello");
      await until("the listener", async () => {
        const answer = await connection
          .request(subject, "hi", 2000)
          .catch((e: LinkError) => e.kind);
        return answer === `${subject}:hi`;
      });
      await connection.close();
    }));

  test("answers commands of the server", () =>
    withBench(async ({ link, request }) => {
      const connection = await link.connect();
      connection.serve(
        pattern.commands(host),
        async (subject, body) => `${subject} ${body.length}`,
      );
      const subject = topic.command(host, "ping");
      await until(
        "the answer",
        async () =>
          (await request(subject, "12345").catch(() => "")) === `${subject} 5`,
      );
      await connection.close();
    }));

  test("stores a delivered message once, however often it is sent", () =>
    withBench(async ({ link, received }) => {
      const connection = await link.connect();
      const subject = topic.event(host, "job.done");
      for (const id of ["e:1", "e:1", "e:2"])
        await connection.deliver(subject, `body of ${id}`, id);
      await until("both", () => received(subject).length === 2);
      expect(received(subject)).toEqual(["body of e:1", "body of e:2"]);
      await connection.close();
    }));

  test("publishes what may be lost", () =>
    withBench(async ({ link, received }) => {
      const connection = await link.connect();
      const subject = topic.heartbeat(host);
      await until("a heartbeat", () => {
        connection.publish(subject, "beat");
        return received(subject).includes("beat");
      });
      await connection.close();
    }));

  test("says that nobody answers", () =>
    withBench(async ({ link }) => {
      const connection = await link.connect();
      const error = await connection
        .request(topic.request(host, "hello"), "hi", 2000)
        .catch((e: LinkError) => e);
      expect(error).toMatchObject({ kind: "no_listener" });
      await connection.close();
    }));

  test("once cut, ends and refuses everything", () =>
    withBench(async ({ link, cut }) => {
      const connection = await link.connect();
      await cut();
      await connection.closed;
      connection.publish(topic.heartbeat(host), "beat");
      const delivered = connection
        .deliver(topic.event(host, "job.done"), "x", "e:9")
        .catch((e: LinkError) => e.kind);
      expect(await delivered).toBe("closed");
    }));

  test("ends when it is closed", () =>
    withBench(async ({ link }) => {
      const connection = await link.connect();
      await connection.close();
      await connection.closed;
    }));
});

test("a key the broker does not know is told apart from a broker that is away", async () => {
  const known = signingKey(new Uint8Array(32).fill(1));
  const stranger = signingKey(new Uint8Array(32).fill(3));
  const nats = await startNats(tempDir(), {
    agent: known,
    server: signingKey(new Uint8Array(32).fill(2)),
    agentRights: { publish: [], subscribe: [] },
  });
  const log = createLog({
    level: "error",
    format: "text",
    clock: systemClock,
    write: () => {},
  });
  const link = createNatsLink({
    server: () => nats.server,
    trust: null,
    hostId: host,
    key: () => stranger,
    jwt: () => "",
    log,
  });
  const refused = link.connect().catch((e: LinkError) => e.kind);
  expect(await refused).toBe("unauthorized");
  await nats.stop();
  const away = await link.connect().catch((e: LinkError) => e);
  expect(away).toMatchObject({
    kind: "unreachable",
    message: expect.stringContaining("does not open (Failed to connect)"),
  });
});

test("a server that dies before the broker has spoken is told as away at once [AGT-05]", async () => {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, it) =>
      it.upgrade(request) ? undefined : new Response("", { status: 404 }),
    websocket: { open: (socket) => socket.terminate(), message() {} },
  });
  const link = createNatsLink({
    server: () => server.url.href,
    trust: null,
    hostId: host,
    key: () => signingKey(new Uint8Array(32).fill(1)),
    jwt: () => "",
    log: createLog({
      level: "error",
      format: "text",
      clock: systemClock,
      write: () => {},
    }),
  });
  const refused = await link.connect().then(
    () => null,
    (error: LinkError) => error.kind,
  );
  await server.stop(true);
  expect(refused).toBe("unreachable");
});
