import { pattern, topic } from "@restic-manager/shared/protocol/topic.ts";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { until } from "./bus-contract.ts";
import {
  approve,
  connectAgent,
  createTestBroker,
  newHostId,
  type TestAgentLogin,
  type TestBroker,
} from "./nats-testing.ts";
import { isStoreFailure, readViolation, troubleOf } from "./nats-violation.ts";

describe("violations", () => {
  let under: TestBroker;
  beforeAll(async () => {
    under = createTestBroker();
    await under.broker.start();
  });
  afterAll(() => under.remove());

  test("what an agent tries on another host's subjects is told with its host, act and subject [TRN-07]", async () => {
    const login = approve(under.broker);
    const other = newHostId();
    const agent = await connectAgent(under, login);
    agent.publish(topic.event(other, "job.done"), "{}");
    agent.subscribe(pattern.commands(other));
    agent.subscribe(">", { queue: "q" });
    const own = topic.event(login.hostId, "job.done");
    agent.publish(own, "{}", { reply: "$JS.ACK.RM_EVT.ingest.1.3.3.1.0" });
    await agent.flush();
    await until(() => triedBy(login).length === 4);
    expect(triedBy(login)).toEqual([
      `publish rm.v1.${other}.evt.job.done`,
      `subscribe rm.v1.${other}.cmd.>`,
      "subscribe >",
      "publish $JS.ACK.RM_EVT.ingest.1.3.3.1.0",
    ]);
    await agent.close();
  });

  test("neither a client's name nor a subject can accuse another host or write a line of its own [TRN-07]", async () => {
    const victim = approve(under.broker);
    const login = approve(under.broker);
    const accusation = `a/b/nkey:${victim.nkey}" - Publish Violation - Subject "x`;
    const subjects = [
      accusation.replaceAll(" ", "_"),
      "a\u001B[31m\u0000\u202E\"b'",
      "\u2028é",
    ];
    const names = [accusation, `x" - "${accusation}`, "", "\n[1] x"];
    for (const name of names) await sendRaw(login, { name }, subjects);
    await sendRaw(login, { nkey: victim.nkey }, subjects);
    await sendRaw(login, { user: victim.nkey, jti: victim.jwt }, subjects);
    await until(() => triedBy(login).length === 6 * subjects.length);
    expect(triedBy(victim)).toEqual([]);
    for (const text of triedBy(login)) expect(text).not.toMatch(/\p{C}/u);
    expect(triedBy(login)).toContain(`publish a\\x1b[31m\\x00\\u202e\\"b'`);
    expect(under.log.entries.filter(({ level }) => level === "warn")).toEqual(
      [],
    );
  });

  test("other lines of the broker tell of no violation", () => {
    for (const text of [
      "",
      "[1] 2026/11/24 17:50:27.193694 [INF] Server is ready",
      '[1] d t [ERR] 127.0.0.1:1 - cid:6 - "v1" - Publish Violation - Subject "x',
      '[1] d t [ERR] 127.0.0.1:1 - cid:6 - "v1 - Publish Violation - Subject "x"',
    ])
      expect(readViolation(text)).toBeNull();
  });

  test("a stranger cannot make the broker seem unable to write, and so be started anew", async () => {
    const says = "[ERR] JetStream failed to store";
    const login = approve(under.broker);
    const { sign } = approve(under.broker);
    await sendRaw({ ...login, sign }, { name: says, user: says }, []);
    const lines = () =>
      under.log.entries.flatMap(({ fields }) =>
        String(fields.reason).includes(says) ? [String(fields.reason)] : [],
      );
    await until(() => lines().length > 0);
    expect(lines().filter(isStoreFailure)).toEqual([]);
    const own = `[1] 2026/11/24 17:50:27.193694 ${says} a msg on stream`;
    expect(isStoreFailure(own)).toBe(true);
  });

  test("the same trouble with other bytes is one trouble, and is logged once a minute with a count [LOG-01]", async () => {
    const login = approve(under.broker);
    const broken = () =>
      under.log.entries.filter(({ fields }) =>
        String(fields.reason).includes("processPub Parse Error"),
      );
    for (let n = 0; n < 5; n++)
      await sendRaw(login, { name: `x${n}` }, [`\r\nGARBAGE${n}`]);
    await until(() => broken().length > 0);
    expect(broken()).toHaveLength(1);
    expect(troubleOf('[1] d t [INF] Server "x" is ready')).toBeNull();
    const line = (name: string) =>
      troubleOf(
        `[1] d t [ERR] 127.0.0.1:1 - cid:1 - "${name}" - bad "${name}"`,
      );
    expect(line(String.raw`a\" - worse \"`)).toBe(line("b"));
  });

  function triedBy({ hostId }: Pick<TestAgentLogin, "hostId">): string[] {
    return under.violations
      .filter(({ connection }) => under.broker.hostOf(connection) === hostId)
      .map(({ act, subject }) => `${act} ${subject}`);
  }

  /** Publishes as no client library lets one. */
  function sendRaw(
    login: TestAgentLogin,
    says: Readonly<Record<string, string>>,
    subjects: readonly string[],
  ): Promise<void> {
    const { host, port } = under.broker.address() ?? { host: "", port: 0 };
    return new Promise((resolve, reject) => {
      let text = "";
      const socket = connect(port, host);
      socket.on("data", (chunk: Buffer) => {
        const before = text;
        text += chunk.toString();
        const nonce = /"nonce":"([^"]+)"/.exec(text)?.[1];
        if (text.includes("PONG\r\n")) socket.end();
        if (nonce === undefined || before.includes("nonce")) return;
        const sig = Buffer.from(login.sign(Buffer.from(nonce)));
        const hello = {
          verbose: false,
          jwt: login.jwt,
          sig: sig.toString("base64url"),
          ...says,
        };
        socket.write(`CONNECT ${JSON.stringify(hello)}\r\n`);
        for (const subject of subjects)
          socket.write(`PUB ${subject} 0\r\n\r\n`);
        socket.write("PING\r\n");
      });
      socket.on("close", () => resolve());
      // Whoever is hung up on may hear of it as a reset.
      socket.on("error", (error: NodeJS.ErrnoException) =>
        error.code === "ECONNRESET" ? resolve() : reject(error),
      );
    });
  }
});
