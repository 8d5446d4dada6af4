import type { LiveEvent, LiveTopic } from "@restic-manager/shared/api/live.ts";
import type { OpenLink } from "./live-link.ts";

/** Over HTTP/1.1 a browser has six connections to a server for all of its tabs; a topic takes one of them. */
const mostJobs = 2;

/**
 * The live protocol over Server-Sent Events, for a browser behind a proxy that lets no WebSocket through. The fleet's
 * stream is the connection; a job's stream that breaks comes back by itself and goes on after the last event it had.
 * Jobs beyond the first few that are asked for are not heard.
 */
export function eventStreamLink(
  open: (path: string) => EventSource = (path) => new EventSource(path),
): OpenLink {
  return ({ onFrame, onLost }) => {
    /** In the order asked for. */
    const jobs = new Set<LiveTopic>();
    const streams = new Map<LiveTopic, EventSource>();
    const fleet = hear("fleet", "/api/events");
    let greeted = false;
    fleet.onerror = onLost;

    function hear(topic: LiveTopic, path: string): EventSource {
      const stream = open(path);
      stream.addEventListener("sub", ({ data }: MessageEvent<string>) => {
        if (topic === "fleet" && !greeted) {
          greeted = true;
          onFrame({ f: "hello", boot: "" });
          return;
        }
        const position = JSON.parse(data) as { s: number; reset: boolean };
        onFrame({ f: "sub", topic, ...position });
      });
      stream.onmessage = ({ data, lastEventId }: MessageEvent<string>) =>
        onFrame({
          f: "event",
          topic,
          s: Number(lastEventId.split("-")[1]),
          e: JSON.parse(data) as LiveEvent,
        });
      streams.set(topic, stream);
      return stream;
    }

    function hearJobs(): void {
      const heard = [...jobs].slice(0, mostJobs);
      for (const [topic, stream] of streams) {
        if (topic === "fleet" || heard.includes(topic)) continue;
        stream.close();
        streams.delete(topic);
      }
      for (const topic of heard) {
        if (streams.has(topic)) continue;
        hear(topic, `/api/jobs/${topic.slice("job:".length)}/stream`);
      }
    }

    return {
      send(request) {
        if (request.op === "ping") {
          if (fleet.readyState === EventSource.OPEN) onFrame({ f: "pong" });
          return;
        }
        const topic = request.topic as LiveTopic;
        if (topic === "fleet") {
          if (request.op === "sub")
            onFrame({ f: "sub", topic, s: 0, reset: true });
          return;
        }
        if (request.op === "sub") jobs.add(topic);
        else jobs.delete(topic);
        hearJobs();
      },
      close() {
        for (const stream of streams.values()) stream.close();
        streams.clear();
      },
    };
  };
}
