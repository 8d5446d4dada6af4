import { maxStreamPiece } from "@restic-manager/shared/protocol/stream.ts";
import { startListener } from "../http/listener.ts";
import { ok } from "./test-endpoint.ts";
import type { TestEndpoint } from "./test-endpoint.ts";
import { createTestRestores, opened } from "./test-restores.ts";

export type TestDownloads = Awaited<ReturnType<typeof createTestDownloads>>;
export type Line = ReturnType<typeof dial>;

export const hello = new TextEncoder().encode("hello");

/** All that an agent sends, and that it was all. */
export function greet(line: Line): void {
  line.socket.send(hello);
  line.say({ done: true, bytes: hello.length });
}

/** The largest that a stream takes at once. */
export const piece = new Uint8Array(maxStreamPiece).fill(7);

/** Sends for as long as it may, as restic would write for ever. */
export async function sendForEver(line: Line): Promise<number> {
  let sent = 0;
  let isOpen = true;
  void line.closed.then(() => {
    isOpen = false;
  });
  while (isOpen) {
    while (isOpen && line.granted() - sent >= piece.length) {
      line.socket.send(piece);
      sent += piece.length;
    }
    await Promise.race([line.more(), line.closed]);
  }
  return sent;
}

/** The agent's end of a stream. */
function dial(url: string) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const openedUp = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  let granted = 0;
  let wake = () => {};
  socket.addEventListener("open", () => openedUp.resolve());
  socket.addEventListener("error", () => openedUp.reject(new Error("refused")));
  socket.addEventListener("message", ({ data }) => {
    granted += JSON.parse(String(data)).grant;
    wake();
  });
  socket.addEventListener("close", ({ code }) => closed.resolve(code));
  return {
    socket,
    opened: openedUp.promise,
    closed: closed.promise,
    granted: () => granted,
    /** Resolves when the server has granted more. */
    async more(): Promise<void> {
      const news = Promise.withResolvers<void>();
      wake = news.resolve;
      await news.promise;
    },
    say: (body: object) => socket.send(JSON.stringify(body)),
  };
}

/** How a download was refused. */
export async function codeOf(response: Response): Promise<[number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

/** Over real connections: downloads, and agents that stream. */
export async function createTestDownloads() {
  const server = await createTestRestores();
  const listener = startListener(
    { hostname: "127.0.0.1", port: 0 },
    server.api.app,
  );
  const root = `127.0.0.1:${listener.port}`;
  const streamUrl = `ws://${root}/api/agents/stream`;
  /** One that nobody holds is collected some time, and its connection ends with it. */
  const held: Response[] = [];

  return {
    ...server,
    listener,
    streamUrl,
    dial: () => dial(streamUrl),
    /** `query` as it stands in the address. */
    async download(
      query: string,
      {
        headers = {},
        number = 1,
        signal,
      }: { headers?: object; number?: number; signal?: AbortSignal } = {},
    ): Promise<Response> {
      const url = `http://${root}${server.at(number)}/download?${query}`;
      const response = await fetch(url, {
        headers: { ...server.admin, ...headers },
        ...(signal && { signal }),
      });
      held.push(response);
      return response;
    },
    /** What the agent does with each stream that it is asked for. */
    onDump(host: TestEndpoint, work: (line: Line) => void | Promise<void>) {
      host.onCommand("dump.start", (command) => {
        const line = dial(streamUrl);
        const { token } = opened(host, command) as { token: string };
        void line.opened.then(async () => {
          line.socket.send(server.opening(host, token));
          await line.more();
          await work(line);
        });
        return ok({});
      });
    },
  };
}
