import type {
  LiveEvent,
  LiveFrame,
  LiveRequest,
  LiveTopic,
} from "@restic-manager/shared/api/live.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { atom, type ReadableAtom } from "nanostores";

export type LiveStatus =
  | { readonly state: "idle" }
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  /** `since`: when the connection was lost, milliseconds since the epoch. */
  | { readonly state: "reconnecting"; readonly since: number };

export interface LiveListener {
  readonly onEvent: (event: LiveEvent) => void;
  /** The topic is followed from now on and events may have been missed before: fetch again. */
  readonly onReset: () => void;
}

/** One WebSocket for the tab, carrying every topic that somebody listens to. */
export interface Live {
  readonly status: ReadableAtom<LiveStatus>;
  start(): void;
  stop(): void;
  /** Tries now instead of waiting for the back-off. */
  retry(): void;
  listen(topic: LiveTopic, listener: LiveListener): () => void;
}

export interface LiveDeps {
  readonly url: string;
  readonly clock: Clock;
  /** In [0, 1), for the jitter of the back-off. */
  readonly random: () => number;
  /** After every connection that was lost or did not come about: the session may be what ended. */
  readonly onLost: () => void;
}

interface Topic {
  readonly listeners: Set<LiveListener>;
  /** Position of the last event, and the server start it belongs to. */
  seen: { boot: string; s: number } | undefined;
}

const pingMs = 20_000;
const silenceMs = 45_000;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

export function createLive({ url, clock, random, onLost }: LiveDeps): Live {
  const status = atom<LiveStatus>({ state: "idle" });
  const topics = new Map<LiveTopic, Topic>();
  let socket: WebSocket | undefined;
  let boot = "";
  let attempts = 0;
  let lastFrameAt = 0;
  let cancelTimer: Cancel = () => {};

  function connect(): void {
    cancelTimer();
    const opened = new WebSocket(url);
    socket = opened;
    opened.onmessage = ({ data }) =>
      receive(JSON.parse(String(data)) as LiveFrame);
    opened.onclose = () => {
      if (socket === opened) lost();
    };
    lastFrameAt = clock.now();
    cancelTimer = clock.after(pingMs, keepAlive);
  }

  function keepAlive(): void {
    if (clock.now() - lastFrameAt > silenceMs) {
      lost();
      return;
    }
    request({ op: "ping" });
    cancelTimer = clock.after(pingMs, keepAlive);
  }

  function lost(): void {
    detach();
    if (status.get().state !== "reconnecting")
      status.set({ state: "reconnecting", since: clock.now() });
    const ceiling = Math.min(longestRetryMs, firstRetryMs * 2 ** attempts);
    attempts += 1;
    cancelTimer = clock.after(ceiling * (0.5 + random() / 2), connect);
    onLost();
  }

  function detach(): void {
    cancelTimer();
    const old = socket;
    socket = undefined;
    old?.close();
  }

  function request(message: LiveRequest): void {
    if (socket?.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify(message));
  }

  function subscribe(name: LiveTopic, topic: Topic): void {
    // Positions of another server start mean nothing to this one.
    if (topic.seen?.boot !== boot) topic.seen = undefined;
    request(
      topic.seen === undefined
        ? { op: "sub", topic: name }
        : { op: "sub", topic: name, since: topic.seen },
    );
  }

  function receive(frame: LiveFrame): void {
    lastFrameAt = clock.now();
    switch (frame.f) {
      case "hello":
        boot = frame.boot;
        attempts = 0;
        status.set({ state: "live" });
        for (const [name, topic] of topics) subscribe(name, topic);
        break;
      case "sub":
        followed(frame.topic as LiveTopic, frame.s, frame.reset);
        break;
      case "event":
        deliver(frame.topic as LiveTopic, frame.s, frame.e);
        break;
      case "error":
        deliverError(frame.code, frame.message);
        break;
      case "pong":
        break;
    }
  }

  function followed(name: LiveTopic, s: number, reset: boolean): void {
    const topic = topics.get(name);
    if (topic === undefined) return;
    const first = topic.seen === undefined;
    topic.seen = { boot, s };
    if (first || reset)
      for (const listener of topic.listeners) listener.onReset();
  }

  function deliver(name: LiveTopic, s: number, event: LiveEvent): void {
    const topic = topics.get(name);
    if (topic === undefined) return;
    topic.seen = { boot, s };
    for (const listener of topic.listeners) listener.onEvent(event);
  }

  /** An error frame belongs to the connection, so everybody who listens hears of it. */
  function deliverError(code: string, message: string): void {
    const event: LiveEvent = { type: "error", code, message, request_id: "" };
    for (const { listeners } of topics.values())
      for (const listener of listeners) listener.onEvent(event);
  }

  return {
    status,
    start() {
      if (status.get().state !== "idle") return;
      status.set({ state: "connecting" });
      connect();
    },
    stop() {
      detach();
      topics.clear();
      attempts = 0;
      status.set({ state: "idle" });
    },
    retry() {
      if (status.get().state === "reconnecting") {
        detach();
        connect();
      }
    },
    listen(name, listener) {
      let topic = topics.get(name);
      if (topic === undefined) {
        topic = { listeners: new Set(), seen: undefined };
        topics.set(name, topic);
        subscribe(name, topic);
      }
      topic.listeners.add(listener);
      return () => {
        topic.listeners.delete(listener);
        if (topic.listeners.size > 0 || topics.get(name) !== topic) return;
        topics.delete(name);
        request({ op: "unsub", topic: name });
      };
    },
  };
}
