import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  maxStreamPiece,
  streamWindow,
} from "@restic-manager/shared/protocol/stream.ts";
import { until } from "../adapters/bus-contract.ts";
import {
  createTestDownloads,
  greet,
  hello,
} from "../testing/test-downloads.ts";
import { createAgentStream } from "./agent-stream.ts";
import type { Line, TestDownloads } from "../testing/test-downloads.ts";
import { ok } from "../testing/test-endpoint.ts";
import type { TestEndpoint } from "../testing/test-endpoint.ts";
import { opened } from "../testing/test-restores.ts";

test("pieces of a byte each are held as few, and all of them come", async () => {
  const stream = createAgentStream();
  stream.connected({ send: () => 0, close() {} });
  const sent = Array.from({ length: 10_000 }, (_, n) => n % 251);
  for (const byte of sent) stream.take(Buffer.from([byte]));
  stream.take(JSON.stringify({ done: true, bytes: sent.length }));
  const pieces = await Array.fromAsync(await stream.body);
  expect(pieces.length).toBeLessThan(5);
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(sent));
});

let server: TestDownloads;
let nas: TestEndpoint;

beforeEach(async () => {
  server = await createTestDownloads();
  ({ nas } = server);
});
afterEach(() => server.listener.cut());

describe("the door of agents", () => {
  /** Waits for a stream of `nas`; the agent itself does nothing. */
  async function expectStream() {
    nas.onCommand("dump.start", () => ok({}));
    const answer = server.download("path=/etc/hosts");
    await until(() => nas.received.length > 0);
    const [command] = nas.received;
    if (command === undefined) throw new Error("nothing was sent");
    const { token } = opened(nas, command) as { token: string };
    return { answer, token };
  }

  test("is shut while nobody waits, and for pages at all times", async () => {
    await expect(server.dial().opened).rejects.toThrow("refused");
    const { answer, token } = await expectStream();
    const page = new WebSocket(server.streamUrl, {
      headers: { Origin: "http://127.0.0.1" },
    });
    const refusedPage = new Promise((resolve) =>
      page.addEventListener("error", () => resolve("refused")),
    );
    expect(await refusedPage).toBe("refused");

    const line = server.dial();
    await line.opened;
    line.socket.send(server.opening(nas, token));
    await line.more();
    greet(line);
    expect(await (await answer).text()).toBe("hello");
  });

  test("lets nobody in but the host that was asked, with the token it was given, once [TST-04]", async () => {
    const other = await server.addHost(2, "other");
    const { answer, token } = await expectStream();
    const { hostId: host } = nas;
    const strangers = [
      server.opening(nas, "another token"),
      server.opening(other, token),
      server.opening(other, token, { host }),
      JSON.stringify({ host, token }),
      "nonsense",
    ];
    for (const text of strangers) {
      const line = server.dial();
      await line.opened;
      line.socket.send(text);
      expect([text, await line.closed]).toEqual([text, 1008]);
    }
    const silent = server.dial();
    await silent.opened;
    silent.socket.send(hello);
    expect(await silent.closed).toBe(1008);

    const line = server.dial();
    await line.opened;
    line.socket.send(server.opening(nas, token));
    await line.more();
    const again = server.dial();
    await again.opened.catch(() => {});
    if (again.socket.readyState === WebSocket.OPEN) {
      again.socket.send(server.opening(nas, token));
      expect(await again.closed).toBe(1008);
    }
    greet(line);
    expect(await (await answer).text()).toBe("hello");
  });

  test("closes on who says nothing", async () => {
    const { answer } = await expectStream();
    const line = server.dial();
    await line.opened;
    await server.clock.advance(10_000);
    expect(await line.closed).toBe(1008);
    await server.minutes(2);
    expect((await answer).status).toBe(504);
  });

  test.each<[string, (line: Line) => void]>([
    [
      "more than was granted",
      ({ socket }) => {
        for (let sent = 0; sent <= streamWindow; sent += maxStreamPiece)
          socket.send(new Uint8Array(maxStreamPiece));
      },
    ],
    [
      "pieces that are too large",
      ({ socket }) => socket.send(new Uint8Array(maxStreamPiece + 1)),
    ],
  ])("cuts an agent that sends %s", async (_name, send) => {
    const { token } = server.streams.expect(nas.hostId);
    const line = server.dial();
    await line.opened;
    line.socket.send(server.opening(nas, token));
    await line.more();
    expect(line.granted()).toBe(streamWindow);
    send(line);
    expect(await line.closed).toBe(1008);
  });
});
