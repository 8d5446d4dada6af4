import type { Lab } from "../e2e/rig/lab.ts";
import { waitFor } from "../e2e/rig/wait.ts";

/** A command as it passed: the text of its signed body. */
export interface Passed {
  readonly verb: string;
  readonly body: string;
}

/** Somebody between an agent and the server who passes everything on, keeps what they like, and adds to it. */
export interface HostileRelay {
  readonly url: string;
  /** Bodies that were sent to an address of the server. */
  posted(path: string): readonly string[];
  /** The commands that passed, oldest first. */
  commands(): readonly Passed[];
  /** Says a command to the agent in the server's place, and gives the agent's answer, which the server never hears. */
  command(hostId: string, verb: string, body: string): Promise<string>;
}

const inbox = "_INBOX.cp.relay";

export function startHostileRelay(lab: Lab, serverUrl: string): HostileRelay {
  let toAgent = "";
  let fromAgent = "";
  let asked = 0;
  const posts: { path: string; body: string }[] = [];
  let speak: ((text: string) => void) | null = null;

  const relay = Bun.serve<WebSocket>({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    async fetch(request, bun) {
      const { pathname, search } = new URL(request.url);
      const target = serverUrl + pathname + search;
      if (request.headers.get("upgrade") === "websocket") {
        const upstream = new WebSocket(target.replace("http", "ws"));
        upstream.binaryType = "arraybuffer";
        return bun.upgrade(request, { data: upstream })
          ? undefined
          : new Response(null, { status: 400 });
      }
      const { method, headers } = request;
      const body = method === "GET" ? undefined : await request.text();
      if (body !== undefined) posts.push({ path: pathname, body });
      return fetch(target, { method, headers, ...(body && { body }) });
    },
    websocket: {
      open(socket) {
        const upstream = socket.data;
        upstream.addEventListener("message", ({ data }) => {
          const bytes = Buffer.from(data as ArrayBuffer);
          toAgent += bytes.toString("latin1");
          socket.sendBinary(bytes);
        });
        upstream.addEventListener("close", () => socket.close());
        speak = (text) => socket.sendBinary(Buffer.from(text));
      },
      message(socket, message) {
        const text = Buffer.from(message as Buffer).toString("latin1");
        if (text.includes(inbox)) fromAgent += text;
        else socket.data.send(message);
      },
      close: (socket) => socket.data.close(),
    },
  });
  lab.defer(() => relay.stop(true));

  return {
    url: `http://127.0.0.1:${relay.port}`,
    posted: (path) =>
      posts.filter((each) => each.path === path).map(({ body }) => body),
    commands: () =>
      [
        ...toAgent.matchAll(
          /MSG rm\.v1\.\w+\.cmd\.(\S+) \d+ \S+ \d+\r\n(\{.*?\})\r\n/g,
        ),
      ].map(([, verb = "", body = ""]) => ({ verb, body })),
    async command(hostId, verb, body) {
      const sid = new RegExp(
        `MSG rm\\.v1\\.${hostId}\\.cmd\\.\\S+ (\\d+)`,
      ).exec(toAgent)?.[1];
      asked += 1;
      const reply = `${inbox}.${asked}`;
      const size = Buffer.byteLength(body);
      speak?.(
        `MSG rm.v1.${hostId}.cmd.${verb} ${sid} ${reply} ${size}\r\n${body}\r\n`,
      );
      const [, answer = ""] = await waitFor(
        `the agent answers a command ${verb}`,
        () => new RegExp(`PUB ${reply} \\d+\\r\\n(.*?)\\r\\n`).exec(fromAgent),
      );
      return (JSON.parse(answer) as { b: string }).b;
    },
  };
}
