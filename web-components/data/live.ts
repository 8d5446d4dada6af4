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
  /** The topic is followed from now on; what came before the connection may be missing: fetch again. */
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

const pingMs = 20_000;
const silenceMs = 45_000;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

export function createLive({ url, clock, random, onLost }: LiveDeps): Live {
  const status = atom<LiveStatus>({ state: "idle" });
  const topics = new Map<LiveTopic, Set<LiveListener>>();
  let socket: WebSocket | undefined;
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

  function receive(frame: LiveFrame): void {
    lastFrameAt = clock.now();
    switch (frame.f) {
      case "hello":
        attempts = 0;
        status.set({ state: "live" });
        for (const topic of topics.keys()) request({ op: "sub", topic });
        break;
      case "sub":
        for (const listener of listenersOf(frame.topic)) listener.onReset();
        break;
      case "event":
        for (const listener of listenersOf(frame.topic))
          listener.onEvent(frame.e);
        break;
      case "error":
        reportError(frame.code, frame.message);
        break;
      case "pong":
        break;
    }
  }

  function listenersOf(topic: string): Iterable<LiveListener> {
    return topics.get(topic as LiveTopic) ?? [];
  }

  /** An error frame belongs to the connection, so everybody who listens hears of it. */
  function reportError(code: string, message: string): void {
    const event: LiveEvent = { type: "error", code, message, request_id: "" };
    for (const listeners of topics.values())
      for (const { onEvent } of listeners) onEvent(event);
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
    listen(topic, listener) {
      const listeners = topics.get(topic) ?? new Set();
      if (listeners.size === 0) {
        topics.set(topic, listeners);
        request({ op: "sub", topic });
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || topics.get(topic) !== listeners) return;
        topics.delete(topic);
        request({ op: "unsub", topic });
      };
    },
  };
}
