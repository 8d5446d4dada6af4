import type { LiveEvent, LiveTopic } from "@restic-manager/shared/api/live.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";

/** One event of a topic, written out once for everybody who hears it. */
export interface LiveMessage {
  /** Position in the stream of this server start; grows, but not by one. */
  readonly s: number;
  /** JSON of a `LiveEvent`. */
  readonly json: string;
}

export interface LivePosition {
  readonly boot: string;
  readonly s: number;
}

export interface LiveSubscription {
  /** Events with a greater position follow. */
  readonly s: number;
  /** Events since the asked position are no longer all kept: whoever asked must fetch again. */
  readonly reset: boolean;
  /** What was missed since the asked position, oldest first. */
  readonly missed: readonly LiveMessage[];
  end(): void;
}

/**
 * Events by topic, each kept for a while so that a browser that lost its connection goes on where it was. A topic that
 * nobody listens to, and nobody can resume, costs nothing: `wants` is false and what is published is dropped.
 */
export interface LiveHub {
  /** Changes with every start of the server, so that a position of the one before is never taken for ours. */
  readonly boot: string;
  /** Position of the newest event. */
  position(): number;
  wants(topic: LiveTopic): boolean;
  publish(topic: LiveTopic, event: LiveEvent): void;
  /** `receive` is called at once for each later event and must not block. */
  subscribe(
    topic: LiveTopic,
    since: LivePosition | undefined,
    receive: (message: LiveMessage) => void,
  ): LiveSubscription;
}

interface Topic {
  readonly listeners: Set<(message: LiveMessage) => void>;
  readonly kept: (LiveMessage & { readonly at: number })[];
  bytes: number;
  /** Everything after this position is in `kept`. */
  floor: number;
  /** When the last listener left. */
  leftAt: number;
}

const keptMs = 10 * 60_000;
const keptBytes = 4 * 1024 * 1024;
const keptFleetEvents = 1000;
const keptJobEvents = 2000;

export function createLiveHub(clock: Clock, boot: string): LiveHub {
  const topics = new Map<LiveTopic, Topic>();
  let position = 0;

  function wanted(name: LiveTopic): Topic | undefined {
    const topic = topics.get(name);
    if (topic === undefined) return undefined;
    const isLeft =
      topic.listeners.size === 0 && clock.now() - topic.leftAt > keptMs;
    if (!isLeft) return topic;
    topics.delete(name);
    return undefined;
  }

  function dropAbandoned(): void {
    for (const name of topics.keys()) wanted(name);
  }

  function prune(topic: Topic, maxEvents: number): void {
    const oldest = clock.now() - keptMs;
    for (;;) {
      const first = topic.kept[0];
      if (first === undefined) return;
      const fits =
        topic.kept.length <= maxEvents &&
        topic.bytes <= keptBytes &&
        first.at >= oldest;
      if (fits) return;
      topic.kept.shift();
      topic.bytes -= first.json.length;
      topic.floor = first.s;
    }
  }

  return {
    boot,
    position: () => position,
    wants: (name) => wanted(name) !== undefined,

    publish(name, event) {
      const topic = wanted(name);
      if (topic === undefined) return;
      position += 1;
      const message = { s: position, json: JSON.stringify(event) };
      topic.kept.push({ ...message, at: clock.now() });
      topic.bytes += message.json.length;
      prune(topic, name === "fleet" ? keptFleetEvents : keptJobEvents);
      for (const listener of topic.listeners) listener(message);
    },

    subscribe(name, since, receive) {
      dropAbandoned();
      const topic = wanted(name) ?? {
        listeners: new Set(),
        kept: [],
        bytes: 0,
        floor: position,
        leftAt: 0,
      };
      topics.set(name, topic);
      // One function may listen twice; each subscription is its own.
      const listener = (message: LiveMessage) => receive(message);
      topic.listeners.add(listener);
      const resumed =
        since?.boot === boot && since.s >= topic.floor && since.s <= position
          ? since.s
          : undefined;
      return {
        s: resumed ?? position,
        reset: since !== undefined && resumed === undefined,
        missed:
          resumed === undefined
            ? []
            : topic.kept.filter((message) => message.s > resumed),
        end() {
          topic.listeners.delete(listener);
          topic.leftAt = clock.now();
        },
      };
    },
  };
}
