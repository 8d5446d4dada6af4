import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { streamWindow } from "@restic-manager/shared/protocol/stream.ts";
import { until } from "../../adapters/bus-contract.ts";
import {
  codeOf,
  createTestDownloads,
  greet,
  hello,
  piece,
  sendForEver,
} from "../../testing/test-downloads.ts";
import type { Line, TestDownloads } from "../../testing/test-downloads.ts";
import { ok, refused } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import { toldTo } from "../../testing/test-restores.ts";
import { snapshotOf } from "../../testing/test-trees.ts";

let server: TestDownloads;
let nas: TestEndpoint;

beforeEach(async () => {
  server = await createTestDownloads();
  ({ nas } = server);
});
afterEach(() => server.listener.cut());

const fieldsOf = async (response: Response) => {
  const { fields } = (await response.json()) as { fields?: object };
  return [response.status, ...Object.keys(fields ?? {})];
};

describe("a file", () => {
  test("comes as it is, under its name, from the agent that was asked, and the audit says who took it [DIF-01]", async () => {
    server.onDump(nas, greet);
    const response = await server.download("path=/etc/hosts");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("hello");
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="hosts"; filename*=UTF-8''hosts`,
    );
    expect(response.headers.get("content-type")).toBe(
      "application/octet-stream",
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(toldTo(nas, "dump.start")).toEqual([
      {
        url: "rest:http://nas:8000/backup",
        credential: expect.objectContaining({ password: "correct horse" }),
        snapshot_id: snapshotOf(1),
        paths: ["/etc/hosts"],
        format: "raw",
        kind: "file",
        token: expect.any(String),
      },
    ]);
    const row = await server.db
      .selectFrom("audit_log")
      .selectAll()
      .where("action", "=", "snapshot.download")
      .executeTakeFirstOrThrow();
    expect(row.actor_kind).toBe("user");
    expect(JSON.parse(row.payload)).toMatchObject({
      snapshot_id: snapshotOf(1),
      host_id: nas.hostId,
      paths: ["/etc/hosts"],
    });
  });

  test("that is empty comes whole too [DIF-01]", async () => {
    server.onDump(nas, (line) => line.say({ done: true, bytes: 0 }));
    const response = await server.download("path=/etc/hosts");
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("may have any name: none breaks the header that says it [DIF-01]", async () => {
    server.onDump(nas, greet);
    await server.list(nas, [1, 2]);
    const name = encodeURIComponent("a\r\nSet-Cookie: x=🗂");
    const response = await server.download(`path=/x/${name}`, { number: 2 });
    expect(await response.text()).toBe("hello");
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="a__Set-Cookie: x=_"; filename*=UTF-8''a__Set-Cookie%3A%20x%3D%F0%9F%97%82`,
    );
  });
});

describe("folders", () => {
  test("come as tar or zip, several as one tar named after host and snapshot [DIF-01]", async () => {
    server.onDump(nas, greet);
    const names: Record<string, string> = {
      "path=/home/ada&format=zip": "ada.zip",
      "path=/etc&format=tar": "etc.tar",
      "path=/&format=tar": "nas-11111111.tar",
      "path=/etc&path=/home/ada&format=tar": "nas-11111111.tar",
    };
    for (const [query, name] of Object.entries(names)) {
      const response = await server.download(query);
      await response.text();
      expect([query, response.headers.get("content-disposition")]).toEqual([
        query,
        `attachment; filename="${name}"; filename*=UTF-8''${name}`,
      ]);
    }
    const told = toldTo(nas, "dump.start");
    expect(told.at(-1)).toMatchObject({
      paths: ["/etc", "/home/ada"],
      format: "tar",
    });
    // What the index knows no agent needs to look up.
    expect(told.map((secret) => (secret as { kind?: string }).kind)).toEqual([
      "dir",
      "dir",
      "dir",
      undefined,
    ]);
  });

  test.each([
    ["path=/etc", "format"],
    ["path=/", "format"],
    ["path=/etc/hosts&path=/etc/passwd", "format"],
    ["path=/etc&path=/home&format=zip", "format"],
    ["path=etc", "path"],
    ["path=/etc/../x", "path"],
    ["", "path"],
    ["path=/etc&format=rar", "format"],
    ["path=/etc/hosts&format=raw&format=tar", "format"],
    ["path=/etc/hosts&host_id=h0000000000000099", "host_id"],
  ])("cannot be asked for with %p [DIF-01]", async (query, field) => {
    expect(await fieldsOf(await server.download(query))).toEqual([400, field]);
    expect(toldTo(nas, "dump.start")).toEqual([]);
  });
});

describe("what fails", () => {
  test("before the first byte is an answer with the agent's reason, and no file [DIF-01]", async () => {
    server.onDump(nas, (line) =>
      line.say({
        done: false,
        code: "wrong_password",
        message: "The password does not open the repository.",
      }),
    );
    const response = await server.download("path=/etc/hosts");
    expect(response.headers.get("content-disposition")).toBeNull();
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({
        code: "download_failed",
        message: "The password does not open the repository.",
        cause: "wrong_password",
      }),
    ]);
    expect(await server.actions()).not.toContain("snapshot.download");
  });

  test("when the agent refuses, or goes before the first byte, is told too [DIF-01]", async () => {
    nas.onCommand("dump.start", () =>
      refused("restic_missing", "There is no restic on this host."),
    );
    expect(await codeOf(await server.download("path=/etc/hosts"))).toEqual([
      502,
      "download_failed",
    ]);
    server.onDump(nas, ({ socket }) => socket.close());
    expect(await codeOf(await server.download("path=/etc/hosts"))).toEqual([
      502,
      "download_failed",
    ]);
    nas.disconnect();
    expect(await codeOf(await server.download("path=/etc/hosts"))).toEqual([
      503,
      "host_offline",
    ]);
  });

  test.each<[string, (line: Line) => void]>([
    ["the agent goes", ({ socket }) => socket.close()],
    [
      "restic fails",
      (line) =>
        line.say({ done: false, code: "restic_failed", message: "It ended." }),
    ],
    ["a byte is missing", (line) => line.say({ done: true, bytes: 6 })],
    ["the agent says nonsense", ({ socket }) => socket.send("{}")],
  ])(
    "after the first byte cuts the connection, so that nothing looks whole: %s [DIF-01]",
    async (_name, breakOff) => {
      server.onDump(nas, async (line) => {
        line.socket.send(hello);
        await until(() => firstBytes);
        breakOff(line);
      });
      let firstBytes = false;
      const response = await server.download("path=/etc/hosts");
      const reader = response.body?.getReader();
      expect((await reader?.read())?.value).toEqual(hello);
      firstBytes = true;
      await expect(reader?.read()).rejects.toThrow();
    },
  );

  test("an agent that does not come is not waited for longer than a minute and a half [DIF-01]", async () => {
    nas.onCommand("dump.start", () => ok({}));
    const answer = server.download("path=/etc/hosts");
    await until(() => nas.received.length > 0);
    await server.minutes(2);
    expect(await codeOf(await answer)).toEqual([504, "agent_timeout"]);
  });

  test("for want of a password is told as that, and not as a host that is offline [DIF-01]", async () => {
    await server.db.deleteFrom("repository_credentials").execute();
    const response = await server.download("path=/etc/hosts");
    expect([response.status, await response.json()]).toEqual([
      409,
      expect.objectContaining({
        code: "restore_refused",
        message: expect.stringContaining("nothing to open this repository"),
      }),
    ]);
    expect(nas.received).toEqual([]);
  });

  test("a snapshot or path that is not there is not asked for [DIF-01]", async () => {
    expect(await codeOf(await server.download("path=/etc/nothing"))).toEqual([
      404,
      "path_not_found",
    ]);
    await server.list(nas, []);
    expect(await codeOf(await server.download("path=/etc/hosts"))).toEqual([
      404,
      "snapshot_not_found",
    ]);
    expect(nas.received).toEqual([]);
  });
});

describe("a browser", () => {
  test("that does not read stops the agent, and one that reads on gets every byte [DIF-01]", async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    let isWaiting = false;
    server.onDump(nas, async (line) => {
      while (sent < total) {
        while (sent < total && line.granted() - sent >= piece.length) {
          line.socket.send(piece);
          sent += piece.length;
        }
        isWaiting = true;
        if (sent < total) await line.more();
      }
      line.say({ done: true, bytes: total });
    });
    const got = await new Promise<{ bytes: number; heldBack: number }>(
      (resolve, reject) => {
        let bytes = 0;
        let heldBack = 0;
        const { port } = server.listener;
        const socket = connect(port, "127.0.0.1", () =>
          socket.write(
            `GET ${server.snapshot}/download?path=/etc/hosts HTTP/1.0\r\nHost: x\r\nCookie: ${server.admin.Cookie}\r\n\r\n`,
          ),
        );
        socket.on("error", reject);
        socket.once("data", (first) => {
          bytes += first.length;
          socket.pause();
          // Long enough for everything to fill that fills.
          void settled(() => sent).then((held) => {
            heldBack = held;
            socket.on("data", (more) => {
              bytes += more.length;
            });
            socket.resume();
          });
        });
        socket.on("close", () => resolve({ bytes, heldBack }));
      },
    );
    expect(isWaiting).toBe(true);
    // The window, and what the systems' own buffers hold.
    expect(got.heldBack).toBeLessThan(streamWindow + 12 * 1024 * 1024);
    expect(got.bytes).toBeGreaterThan(total);
    expect(got.bytes).toBeLessThan(total + 100_000);
  }, 20_000);

  test("that goes away in mid-download ends what the agent does [DIF-01] [RES-02]", async () => {
    const ended = Promise.withResolvers<number>();
    server.onDump(nas, async (line) => {
      await sendForEver(line);
      ended.resolve(await line.closed);
    });
    const leaving = new AbortController();
    const response = await server.download("path=/etc/hosts", leaving);
    const reader = response.body?.getReader();
    await reader?.read();
    leaving.abort();
    expect(await ended.promise).toBe(1000);
  });

  test("that goes away before the first byte does too [DIF-01] [RES-02]", async () => {
    const line = Promise.withResolvers<Line>();
    server.onDump(nas, (there) => line.resolve(there));
    const leaving = new AbortController();
    const answer = server.download("path=/etc/hosts", leaving);
    const { closed } = await line.promise;
    leaving.abort();
    await expect(answer).rejects.toThrow();
    expect(await closed).toBe(1000);
  });
});

describe("limits", () => {
  test("a host streams two at a time, others of the same repository take over, and a place is free again at the end [DIF-01]", async () => {
    const lines: Line[] = [];
    const keep = (line: Line) => {
      line.socket.send(hello);
      lines.push(line);
    };
    server.onDump(nas, keep);
    const query = "path=/etc/hosts";
    const first = await server.download(query);
    await server.download(query);
    expect(await codeOf(await server.download(query))).toEqual([
      503,
      "downloads_full",
    ]);
    const second = await server.addHost(2, "second");
    await server.setUp(second);
    server.onDump(second, keep);
    expect((await server.download(query)).status).toBe(200);
    expect(toldTo(second, "dump.start")).toHaveLength(1);
    const named = `${query}&host_id=${nas.hostId}`;
    expect((await server.download(named)).status).toBe(503);

    lines[0]?.say({ done: true, bytes: hello.length });
    expect(await first.text()).toBe("hello");
    expect((await server.download(named)).status).toBe(200);
  });

  test("a host that is gone is stood in for by who does the upkeep [DIF-01]", async () => {
    const runner = await server.addHost(2, "runner");
    await server.settings({ runner_host_id: runner.hostId });
    await server.leave(nas);
    server.onDump(runner, greet);
    const response = await server.download("path=/etc/hosts");
    expect(await response.text()).toBe("hello");
  });
});

/** What a number is when it does not grow any more. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  await until(() => {
    same = read() === last ? same + 1 : 0;
    last = read();
    return same === 20;
  });
  return last;
}
