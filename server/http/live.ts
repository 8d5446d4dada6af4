import { liveRequest } from "@restic-manager/shared/api/live.ts";
import type { LiveTopic } from "@restic-manager/shared/api/live.ts";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import type { ApiErrorCode } from "@restic-manager/shared/api/errors.ts";
import { ulidText } from "@restic-manager/shared/domain/ids.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { z } from "zod";
import { AppError } from "../app-error.ts";
import { route } from "../ports/route.ts";
import type { Actor, RequestInfo, Route, SocketRoute } from "../ports/route.ts";
import type { WatchSession } from "../ports/session-watch.ts";
import type { SocketHandler } from "../ports/socket.ts";
import type { LiveHub } from "./live-hub.ts";
import { createLiveOutbox } from "./live-socket.ts";
import type { LiveOutbox } from "./live-socket.ts";
import { liveSse } from "./live-sse.ts";
import { parseTopic } from "./live-topic.ts";

export interface LiveDeps {
  readonly hub: LiveHub;
  readonly jobExists: (id: string) => Promise<boolean>;
  readonly watchSession: WatchSession;
  readonly clock: Clock;
  readonly log: Log;
}

/*
 * How a page stays right: subscribe, fetch after the `sub` frame, then apply what comes.
 *
 * Events that came before the answer to the fetch may tell of an older state than the answer. Each event therefore
 * carries the whole of its entity, never a difference, so applying an old one is put right by the next; log lines carry
 * their number `n`: a page takes those above the last it has, and when one is missing fetches `log?after=`. A `sub` with
 * `reset` says that events may have been missed: fetch again.
 */

const maxTopics = 32;
/** WebSocket close codes: "policy violation", and the server's own fault. */
const sessionEnded = 1008;
const internalError = 1011;

export interface Live {
  readonly routes: readonly Route[];
  readonly sockets: readonly SocketRoute[];
  /** Ends every event stream, which a stopping listener would wait for; sockets are the listener's. */
  endStreams(): void;
}

/** The browser's live channel: one WebSocket a tab, and the same topics as Server-Sent Events. */
export function createLive(deps: LiveDeps): Live {
  const streams = new Set<() => void>();

  function connect(actor: Actor, request: RequestInfo): SocketHandler {
    let outbox: LiveOutbox | undefined;
    let stopWatching: Cancel = () => {};
    // One after the other: `unsub` must not overtake the `sub` before it, which looks for its job first.
    let answered = Promise.resolve();
    return {
      open(socket) {
        outbox = createLiveOutbox(socket, deps.hub);
        outbox.send({ f: "hello", boot: deps.hub.boot });
        stopWatching = deps.watchSession(actor.sessionId, "view", () =>
          socket.close(sessionEnded, "The session has ended"),
        );
      },
      message(socket, text) {
        answered = answered
          .then(() => outbox && answer(outbox, String(text)))
          .catch((error: unknown) => {
            const { id } = request;
            deps.log.error("Answering a live request failed", {
              request_id: id,
              error,
            });
            outbox?.send(errorFrame("internal", id));
            socket.close(internalError, "Internal error");
          });
      },
      drain() {
        outbox?.drained();
      },
      close() {
        stopWatching();
        outbox?.end();
        outbox = undefined;
      },
    };
  }

  async function answer(outbox: LiveOutbox, text: string): Promise<void> {
    const request = parseJson(text, liveRequest);
    if (request === null) return outbox.send(errorFrame("invalid_request"));
    if (request.op === "ping") return outbox.send({ f: "pong" });
    const topic = parseTopic(request.topic);
    if (topic === null) return outbox.send(errorFrame(noTopic(request.topic)));
    if (request.op === "unsub") return outbox.unsubscribe(topic);
    if (outbox.topics() >= maxTopics)
      return outbox.send({
        ...errorFrame("invalid_request"),
        message: `A connection hears at most ${maxTopics} topics; unsubscribe from some.`,
      });
    if (!(await exists(topic))) return outbox.send(errorFrame("job_not_found"));
    outbox.subscribe(topic, request.since);
  }

  async function exists(topic: LiveTopic): Promise<boolean> {
    return topic === "fleet" || deps.jobExists(topic.slice("job:".length));
  }

  function stream(
    topic: LiveTopic,
    actor: Actor,
    request: { headers: Headers; signal: AbortSignal },
  ): Response {
    const { sessionId } = actor;
    return liveSse(deps, { topic, sessionId, ...request }, (end) => {
      streams.add(end);
      return () => void streams.delete(end);
    });
  }

  return {
    endStreams() {
      for (const end of streams) end();
    },
    sockets: [
      {
        path: "/api/live",
        access: "view",
        summary: "Live events of any topics over one WebSocket",
        connect({ actor, request }) {
          if (actor === null) throw new AppError("unauthenticated");
          return connect(actor, request);
        },
      },
    ],
    routes: [
      route({
        method: "GET",
        path: "/api/events",
        access: "view",
        summary: "Live events of the fleet as Server-Sent Events",
        answer: "text/event-stream",
        handle: ({ actor, request }) => stream("fleet", actor, request),
      }),
      route({
        method: "GET",
        path: "/api/jobs/:id/stream",
        access: "view",
        summary: "Progress, log and state of a job as Server-Sent Events",
        params: z.strictObject({ id: ulidText }),
        answer: "text/event-stream",
        async handle({ params, actor, request }) {
          if (!(await deps.jobExists(params.id)))
            throw new AppError("job_not_found");
          return stream(`job:${params.id}`, actor, request);
        },
      }),
    ],
  };
}

function errorFrame(code: ApiErrorCode, request_id = "") {
  return { f: "error", code, message: apiErrors[code][1], request_id } as const;
}

/** An address of a job that cannot be one is a job that does not exist, as for the page that asks. */
function noTopic(name: string): "job_not_found" | "invalid_request" {
  return name.startsWith("job:") ? "job_not_found" : "invalid_request";
}
