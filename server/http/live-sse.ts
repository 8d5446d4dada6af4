import { every } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { LiveTopic } from "@restic-manager/shared/api/live.ts";
import type { WatchSession } from "../ports/session-watch.ts";
import type { LiveHub, LiveMessage, LivePosition } from "./live-hub.ts";

const maxWaiting = 64;
const commentMs = 15_000;

/**
 * The events of one topic as Server-Sent Events, for programs. First comes an event named `sub` with the position and
 * whether events were missed (`reset`), then each live event unnamed. The id of each is `<boot>-<s>`; a client that
 * sends the last one as Last-Event-ID goes on there. A client that does not keep up is cut, and resumes the same way.
 */
export function liveSse(
  deps: {
    readonly hub: LiveHub;
    readonly watchSession: WatchSession;
    readonly clock: Clock;
  },
  request: {
    readonly topic: LiveTopic;
    readonly sessionId: string;
    readonly headers: Headers;
    readonly signal: AbortSignal;
  },
  onEnd: (end: () => void) => () => void,
): Response {
  const { hub, clock } = deps;
  const encoder = new TextEncoder();
  const written = ({ s, json }: LiveMessage) =>
    `id: ${hub.boot}-${s}\ndata: ${json}\n\n`;
  let free = () => {};

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => {
          if ((controller.desiredSize ?? 0) > 0)
            controller.enqueue(encoder.encode(text));
          else end();
        };
        const since = lastEventId(request.headers.get("last-event-id"));
        const subscription = hub.subscribe(request.topic, since, (message) =>
          write(written(message)),
        );
        const stops = [
          subscription.end,
          every(clock, commentMs, () => write(": \n\n")),
          deps.watchSession(request.sessionId, "view", end),
          onEnd(end),
        ];
        free = () => {
          for (const stop of stops.splice(0)) stop();
        };
        function end(): void {
          // Nothing to free: it has ended already.
          if (stops.length === 0) return;
          free();
          controller.close();
        }
        request.signal.addEventListener("abort", end);

        const { s, reset, missed } = subscription;
        const position = JSON.stringify({ s, reset });
        const first = `id: ${hub.boot}-${s}\nevent: sub\ndata: ${position}\n\n`;
        write(first + missed.map(written).join(""));
      },
      cancel: () => free(),
    },
    new CountQueuingStrategy({ highWaterMark: maxWaiting }),
  );
  return new Response(stream, {
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      // nginx would hold events back to fill its buffer.
      "X-Accel-Buffering": "no",
    },
  });
}

function lastEventId(text: string | null): LivePosition | undefined {
  const [, boot, s] = /^([0-9a-f]{1,64})-(\d{1,15})$/.exec(text ?? "") ?? [];
  return boot === undefined ? undefined : { boot, s: Number(s) };
}
