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
