import { createServer, type AddressInfo, type Server } from "node:net";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { type NatsConnection, wsconnect } from "@nats-io/nats-core";
import {
  inboxPrefix,
  pattern,
  topic,
} from "@restic-manager/shared/protocol/topic.ts";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { AppError } from "../app-error.ts";
import { systemClock } from "../clock.ts";
import { until } from "../adapters/bus-contract.ts";
import {
  approve,
  authenticator,
  connectControlPlane,
  createTestBroker,
  type TestAgentLogin,
  type TestBroker,
} from "../adapters/nats-testing.ts";
import type { Socket } from "../ports/socket.ts";
import { createTestLog } from "../testing/test-log.ts";
import type { HttpEnv } from "./http-env.ts";
import { type HttpListener, startListener } from "./listener.ts";
import { createNatsFront, type NatsFront } from "./nats-front.ts";

const ip = "192.0.2.7";
const maxPerIp = 4;
const unmeasured = { burst: 1e12, perSecond: 1e12 };

describe("the way of agents to the broker", () => {
  let under: TestBroker;
  let front: NatsFront;
  let listener: HttpListener;
  const log = createTestLog();

  beforeAll(async () => {
    under = createTestBroker();
    await under.broker.start();
    front = createNatsFront({
      address: under.broker.address,
      maxPerIp,
      connectionRate: unmeasured,
      addressRate: unmeasured,
      clock: systemClock,
      log,
    });
    listener = startListener({ hostname: "127.0.0.1", port: 0 }, mount(front));
  });
  afterAll(async () => {
    await listener.cut();
    await under.remove();
  });

  function url(path: string): string {
    return `ws://127.0.0.1:${listener.port}${path}`;
  }

  function dial(login: TestAgentLogin, path = "/nats") {
    return wsconnect({
      servers: url(path),
      authenticator: authenticator(login),
      inboxPrefix: inboxPrefix(login.hostId),
      reconnect: false,
      ignoreClusterUpdates: true,
    });
  }

  /** Status of an upgrade that is refused. */
  async function refusal(headers: Record<string, string> = {}) {
    const response = await fetch(url("/nats").replace("ws:", "http:"), {
      headers: {
        upgrade: "websocket",
        connection: "upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        ...headers,
      },
    });
    return response.status;
  }

  test.each(["/nats", "/"])(
    "an approved agent connects at %s, is asked and answers",
    async (path) => {
      const login = approve(under.broker);
      const agent = await dial(login, path);
      agent.subscribe(pattern.commands(login.hostId), {
        callback: (_, message) => void message.respond(message.data),
      });
      await agent.flush();
      const server = await connectControlPlane(under);
      const answer = await server.request(
        topic.command(login.hostId, "ping"),
        "hello",
      );
      expect(answer.string()).toBe("hello");
      await Promise.all([agent.close(), server.close()]);
    },
  );

  test("a stranger gets as far as the broker's refusal", async () => {
    const login = approve(under.broker);
    const thief = { ...login, sign: approve(under.broker).sign };
    await expect(dial(thief)).rejects.toThrow(/authorization violation/i);
  });

  test("a revoked agent is cut through the front too", async () => {
    const login = approve(under.broker);
    const agent = await dial(login);
    await under.broker.revokeAgent(login.nkey);
    await agent.closed();
    await expect(dial(login)).rejects.toThrow(/authorization violation/i);
  });

  test("32 MB pass in both directions, in order and whole", async () => {
    const login = approve(under.broker);
    const agent = await dial(login);
    const server = await connectControlPlane(under);
    const parts = 128;
    const part = (i: number) => new Uint8Array(256 * 1024).fill(i);
    const down = collect(agent, pattern.commands(login.hostId));
    const up = collect(server, pattern.live);
    await Promise.all([agent.flush(), server.flush()]);
    for (let i = 0; i < parts; i++) {
      server.publish(topic.command(login.hostId, "ping"), part(i));
      agent.publish(topic.live(login.hostId, "job"), part(i));
    }
    await until(() => down.length === parts && up.length === parts);
    const expected = Array.from({ length: parts }, (_, i) => sum(part(i)));
    expect(down).toEqual(expected);
    expect(up).toEqual(expected);
    await Promise.all([agent.close(), server.close()]);
  });

  test("a browser's page is refused", async () => {
    expect(await refusal({ origin: "https://backup.example.org" })).toBe(403);
    expect(await refusal({ origin: `http://127.0.0.1:${listener.port}` })).toBe(
      403,
    );
  });

  test("one address cannot hold more than its share of connections", async () => {
    const held: NatsConnection[] = [];
    for (let i = 0; i < maxPerIp; i++)
      held.push(await dial(approve(under.broker)));
    expect(await refusal()).toBe(429);
    for (const connection of held) await connection.close();
    await until(async () => {
      const agent = await dial(approve(under.broker)).catch(() => null);
      await agent?.close();
      return agent !== null;
    });
  });

  test("all of an IPv6 network are one address, also when they come at the same moment", async () => {
    const socket = { close: () => {} } as unknown as Socket;
    const handlers = await Promise.all(
      Array.from({ length: maxPerIp }, (_, i) =>
        connectTo(front, `2001:db8::${i}`),
      ),
    );
    for (const handler of handlers) handler.open?.(socket);
    const another = async (from: string) => connectTo(front, from);
    await expect(another("2001:db8::ffff")).rejects.toThrow(
      "from this address",
    );
    await another("2001:db8:0:1::1");
    for (const handler of handlers) handler.close?.(socket, 1000, "");
    await another("2001:db8::ffff");
  });

  test("text, and data before the broker has spoken, end the connection", async () => {
    const socket = new WebSocket(url("/nats"));
    const code = new Promise((resolve) =>
      socket.addEventListener("close", (event) => resolve(event.code)),
    );
    socket.addEventListener("open", () => socket.send("PING\r\n"));
    expect(await code).toBe(1003);

    const closed: (number | undefined)[] = [];
    const pushy = {
      close: (code?: number) => closed.push(code),
      pause: () => {},
    };
    const handler = await connectTo(front, "192.0.2.8");
    handler.open?.(pushy as unknown as Socket);
    handler.message(pushy as unknown as Socket, Buffer.alloc(64 * 1024));
    expect(closed).toEqual([]);
    handler.message(pushy as unknown as Socket, Buffer.alloc(1));
    expect(closed).toEqual([1008]);
    handler.close?.(pushy as unknown as Socket, 1008, "");
  });

  test("while the broker is down agents are told to come back, and then they are let in", async () => {
    const login = approve(under.broker);
    const agent = await dial(login);
    process.kill(under.pid(), "SIGKILL");
    await agent.closed();
    await until(async () => (await refusal()) === 503);
    await until(() => under.broker.address() !== null);
    await (await dial(login)).close();
  });
});

describe("a client that sends without measure [TRN-10]", () => {
  const clock = createManualClock();
  const log = createTestLog();
  const received = new Map<string, number>();
  let broker: Server;
  let front: NatsFront;

  beforeAll(async () => {
    broker = createServer((socket) => {
      socket.setEncoding("utf8");
      socket.on("data", (text: string) => {
        const [who = ""] = text;
        received.set(who, (received.get(who) ?? 0) + text.length);
      });
      socket.write("INFO {}");
    });
    await new Promise<void>((resolve) =>
      broker.listen(0, "127.0.0.1", resolve),
    );
    const { port } = broker.address() as AddressInfo;
    front = createNatsFront({
      address: () => ({ host: "127.0.0.1", port }),
      maxPerIp: 10,
      connectionRate: { burst: 100_000, perSecond: 10_000 },
      addressRate: { burst: 150_000, perSecond: 20_000 },
      clock,
      log,
    });
  });
  afterAll(() => broker.close());

  /** A connection; `send` is what its client does, as long as it is read. */
  async function open(from: string) {
    const handler = await connectTo(front, from);
    let isRead = true;
    const greeted = Promise.withResolvers<void>();
    const socket = {
      pause: () => (isRead = false),
      resume: () => (isRead = true),
      close: () => {},
      sendBinary() {
        greeted.resolve();
        return 1;
      },
    } as unknown as Socket;
    handler.open?.(socket);
    await greeted.promise;
    return {
      isRead: () => isRead,
      send: (text: string) => handler.message(socket, Buffer.from(text)),
      close: () => handler.close?.(socket, 1000, ""),
    };
  }

  test("is read as slowly as it may send, which is logged once; others are not", async () => {
    const [loud, quiet] = [await open("192.0.2.1"), await open("192.0.2.2")];
    loud.send("a".repeat(99_000));
    expect(loud.isRead()).toBe(true);
    loud.send("a".repeat(6_000));
    expect(loud.isRead()).toBe(false);
    quiet.send("b".repeat(1000));
    expect(quiet.isRead()).toBe(true);
    await clock.advance(400);
    expect(loud.isRead()).toBe(false);
    await clock.advance(100);
    expect(loud.isRead()).toBe(true);
    loud.send("a".repeat(1000));
    expect(loud.isRead()).toBe(false);
    expect(log.entries.map((entry) => entry.fields.ip)).toEqual(["192.0.2.1"]);
    // What it sent came through whole.
    await until(() => received.get("a") === 106_000);
    loud.close();
    quiet.close();
  });

  test("pays for many small messages, and gains nothing by many connections", async () => {
    const flood = await open("192.0.2.3");
    flood.send("PUB x 0\r\n\r\n".repeat(26));
    expect(flood.isRead()).toBe(false);
    const second = await open("192.0.2.3");
    second.send("c".repeat(60_000));
    expect(second.isRead()).toBe(false);
    const said = log.entries.filter(({ fields }) => fields.ip === "192.0.2.3");
    expect(said).toHaveLength(1);
    flood.close();
    second.close();
  });
});

/** The front behind the real listener, with the API's checks reduced to the front's own. */
function mount(front: NatsFront): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  for (const { path } of front.routes)
    app.get(path, async (c) => {
      try {
        const handler = await connectTo(front, ip, c.req.raw.headers);
        c.env.upgrade(c.req.raw, handler);
        return new Response(null);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return new Response(error.message, { status: error.status });
      }
    });
  return app;
}

function connectTo(front: NatsFront, from: string, headers = new Headers()) {
  const request = { ip: from, headers };
  type Input = Parameters<NatsFront["routes"][number]["connect"]>[0];
  const [route] = front.routes;
  if (route === undefined) throw new Error("the front has no route");
  return route.connect({ request } as unknown as Input);
}

/** First byte and length of every message on a subject. */
function collect(connection: NatsConnection, subject: string): string[] {
  const sums: string[] = [];
  connection.subscribe(subject, {
    callback: (_, message) => void sums.push(sum(message.data)),
  });
  return sums;
}

function sum(data: Uint8Array): string {
  return `${Bun.hash(data)} ${data.length}`;
}
