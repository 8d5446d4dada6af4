import type { LiveFrame, LiveTopic } from "@restic-manager/shared/api/live.ts";
import type { Socket } from "../ports/socket.ts";
import type {
  LiveHub,
  LiveMessage,
  LivePosition,
  LiveSubscription,
} from "./live-hub.ts";

/** What one browser hears. Never waits for it: a browser that does not keep up is told to fetch again. */
export interface LiveOutbox {
  send(frame: LiveFrame): void;
  subscribe(topic: LiveTopic, since: LivePosition | undefined): void;
  unsubscribe(topic: LiveTopic): void;
  topics(): number;
  /** The browser takes more. */
  drained(): void;
  end(): void;
}

const maxWaiting = 64;

export function createLiveOutbox(
  socket: Pick<Socket, "send">,
  hub: LiveHub,
): LiveOutbox {
  const subscriptions = new Map<LiveTopic, LiveSubscription>();
  let waiting: string[] = [];
  let isBlocked = false;
  let isEnded = false;
  /** Frames were dropped; every topic has to be fetched again once the browser takes more. */
  let isBehind = false;

  function write(text: string): void {
    // Bun has taken a frame for which it answers -1, and asks to wait until it drains.
    if (!isBlocked) isBlocked = socket.send(text) === -1;
    else if (waiting.length < maxWaiting && !isBehind) waiting.push(text);
    else {
      isBehind = true;
      waiting = [];
    }
  }

  function send(frame: LiveFrame): void {
    write(JSON.stringify(frame));
  }

  function forward(topic: LiveTopic, { s, json }: LiveMessage): void {
    // The event is written out already; only what goes around it is new.
    write(
      `{"f":"event","topic":${JSON.stringify(topic)},"s":${s},"e":${json}}`,
    );
  }

  function unsubscribe(topic: LiveTopic): void {
    subscriptions.get(topic)?.end();
    subscriptions.delete(topic);
  }

  return {
    send,
    subscribe(topic, since) {
      if (isEnded) return;
      unsubscribe(topic);
      const subscription = hub.subscribe(topic, since, (message) =>
        forward(topic, message),
      );
      subscriptions.set(topic, subscription);
      const { s, reset, missed } = subscription;
      send({ f: "sub", topic, s, reset });
      for (const message of missed) forward(topic, message);
    },
    unsubscribe,
    topics: () => subscriptions.size,
    drained() {
      isBlocked = false;
      const queued = waiting;
      waiting = [];
      if (!isBehind) {
        for (const text of queued) write(text);
        return;
      }
      isBehind = false;
      for (const topic of subscriptions.keys())
        send({ f: "sub", topic, s: hub.position(), reset: true });
    },
    end() {
      isEnded = true;
      for (const topic of subscriptions.keys()) unsubscribe(topic);
    },
  };
}
