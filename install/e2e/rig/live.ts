import { request } from "node:http";
import type { Api } from "./api.ts";
import type { Lab } from "./lab.ts";
import { waitFor } from "./wait.ts";

export interface Frame {
  readonly f: string;
  readonly topic?: string;
  readonly s?: number;
  readonly e?: { readonly type: string } & Readonly<Record<string, unknown>>;
}

/** A dashboard tab's WebSocket, without the dashboard. */
export interface Live {
  frames(): readonly Frame[];
  events(type: string): readonly NonNullable<Frame["e"]>[];
  subscribe(topic: string): Promise<void>;
  /** Sends something that must be answered by an error frame. */
  refused(request: unknown): Promise<void>;
}

export async function openLive(lab: Lab, url: string, api: Api): Promise<Live> {
  const frames: Frame[] = [];
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/live`, {
    headers: { ...api.headers, origin: url },
    tls: api.tls,
  } as unknown as string[]);
  lab.defer(() => socket.close());
  socket.addEventListener("message", ({ data }) =>
    frames.push(JSON.parse(String(data)) as Frame),
  );
  const arrived = (f: string) =>
    waitFor(`live frame ${f}`, () => frames.some((frame) => frame.f === f));
  await arrived("hello");
  return {
    frames: () => frames,
    events: (type) => frames.flatMap(({ e }) => (e?.type === type ? [e] : [])),
    async subscribe(topic) {
      socket.send(JSON.stringify({ op: "sub", topic }));
      await waitFor(`subscribed to ${topic}`, () =>
        frames.some((frame) => frame.f === "sub" && frame.topic === topic),
      );
    },
    async refused(request) {
      const errors = () => frames.filter(({ f }) => f === "error").length;
      const before = errors();
      socket.send(JSON.stringify(request));
      await waitFor(
        `${JSON.stringify(request)} is refused`,
        () => errors() > before,
      );
    },
  };
}

/** Status with which a WebSocket handshake is answered; 101 when it is taken. */
export function upgradeStatus(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const handshake = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  };
  return new Promise((resolve, reject) => {
    const asked = request(url + path, {
      headers: { ...headers, ...handshake },
    });
    asked.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    asked.on("error", reject);
    asked.end();
  });
}
