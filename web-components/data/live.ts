import type {
  LiveEvent,
  LiveFrame,
  LiveRequest,
  LiveTopic,
} from "@restic-manager/shared/api/live.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { atom, type ReadableAtom } from "nanostores";
import type { LiveLink, OpenLink } from "./live-link.ts";

export type LiveStatus =
  | { readonly state: "idle" }
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  /** `since`: when the connection was lost, milliseconds since the epoch. */
  | { readonly state: "reconnecting"; readonly since: number };

/** What went wrong on the server's side of the stream. */
export interface LiveFault {
  readonly code: string;
  readonly message: string;
  /** The server's log has it too; empty when there is none. */
  readonly requestId: string;
}

export interface LiveListener {
  readonly onEvent: (event: LiveEvent) => void;
  /** The topic is followed from now on; what came before the connection may be missing: fetch again. */
  readonly onReset: () => void;
}

/** One connection for the tab, carrying every topic that somebody listens to. */
export interface Live {
  readonly status: ReadableAtom<LiveStatus>;
  /** The last fault, until somebody has read it. */
  readonly fault: ReadableAtom<LiveFault | null>;
  forgetFault(): void;
  start(): void;
  stop(): void;
  /** Tries now instead of waiting for the back-off. */
  retry(): void;
  listen(topic: LiveTopic, listener: LiveListener): () => void;
}

export interface LiveDeps {
  readonly webSocket: OpenLink;
  /** Tried while no WebSocket has come about yet. */
  readonly eventStream: OpenLink;
  readonly clock: Clock;
  /** In [0, 1), for the jitter of the back-off. */
  readonly random: () => number;
  /** After every connection that was lost or did not come about: the session may be what ended. */
  readonly onLost: () => void;
}

const pingMs = 20_000;
const silenceMs = 45_000;
/** Until the first frame: a proxy may keep a WebSocket that it does not understand waiting for ever. */
const helloMs = 10_000;
/** A stream that goes on failing does not make every page fetch at every fault. */
const faultRestMs = 10_000;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

export function createLive(deps: LiveDeps): Live {
  const { clock, random, onLost } = deps;
  const status = atom<LiveStatus>({ state: "idle" });
  const fault = atom<LiveFault | null>(null);
  const topics = new Map<LiveTopic, Set<LiveListener>>();
  let link: LiveLink | undefined;
  /** Connections that did not come about since the last that did. */
  let attempts = 0;
  let webSocketWorks = false;
  let lastFrameAt = 0;
  let lastFaultAt = -faultRestMs;
  let cancelTimer: Cancel = () => {};

  function connect(): void {
    cancelTimer();
    const overWebSocket = webSocketWorks || attempts % 2 === 0;
    const open = overWebSocket ? deps.webSocket : deps.eventStream;
    link = open({
      onFrame(frame) {
        if (overWebSocket) webSocketWorks = true;
        receive(frame);
      },
      onLost: lost,
    });
    cancelTimer = clock.after(helloMs, lost);
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
    attempts += 1;
    onLost();
    const otherWayIsLeft = !webSocketWorks && attempts % 2 === 1;
    const { state } = status.get();
    // At the very first attempt the other way may be the one that works: nothing is lost yet.
    if (state === "live" || (state === "connecting" && !otherWayIsLeft))
      status.set({ state: "reconnecting", since: clock.now() });
    if (otherWayIsLeft) {
      connect();
      return;
    }
    const ceiling = Math.min(
      longestRetryMs,
      firstRetryMs * 2 ** (attempts - 1),
    );
    cancelTimer = clock.after(ceiling * (0.5 + random() / 2), connect);
  }

  function detach(): void {
    cancelTimer();
    link?.close();
    link = undefined;
  }

  function request(message: LiveRequest): void {
    link?.send(message);
  }

  function receive(frame: LiveFrame): void {
    lastFrameAt = clock.now();
    switch (frame.f) {
      case "hello":
        attempts = 0;
        status.set({ state: "live" });
        cancelTimer();
        cancelTimer = clock.after(pingMs, keepAlive);
        for (const topic of topics.keys()) request({ op: "sub", topic });
        break;
      case "sub":
        reset(frame.topic);
        break;
      case "event":
        if (frame.e.type === "error") failed(frame.e, frame.topic);
        else
          for (const listener of listenersOf(frame.topic))
            listener.onEvent(frame.e);
        break;
      case "error":
        // A job that does not exist: the page that asked for it says so.
        if (frame.code !== "job_not_found") failed(frame);
        break;
      case "pong":
        break;
    }
  }

  function reset(topic: string): void {
    for (const listener of listenersOf(topic)) listener.onReset();
  }

  /** Says what went wrong, and fetches what may have been missed. */
  function failed(
    error: { code: string; message: string; request_id: string },
    topic?: string,
  ): void {
    const { code, message, request_id: requestId } = error;
    fault.set({ code, message, requestId });
    if (clock.now() - lastFaultAt < faultRestMs) return;
    lastFaultAt = clock.now();
    for (const missed of topic === undefined ? topics.keys() : [topic])
      reset(missed);
  }

  function listenersOf(topic: string): Iterable<LiveListener> {
    return topics.get(topic as LiveTopic) ?? [];
  }

  return {
    status,
    fault,
    forgetFault: () => fault.set(null),
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
