import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { streamOpen } from "@restic-manager/shared/protocol/stream.ts";
import type { StreamOpen } from "@restic-manager/shared/protocol/stream.ts";
import { AppError } from "../app-error.ts";
import { verifySignature } from "../identity.ts";
import type { AgentStreams } from "../ports/agent-streams.ts";
import type { HostKeys } from "../ports/host-keys.ts";
import type { SocketRoute } from "../ports/route.ts";
import type { Socket, SocketHandler } from "../ports/socket.ts";
import type { Random } from "../random.ts";
import { createAgentStream } from "./agent-stream.ts";
import type { AgentStream } from "./agent-stream.ts";

/** Time for the agent to open the repository, and to wait for whoever has locked it. */
const firstByteMs = 90_000;
/** Time for a connection to say whose it is. */
const introductionMs = 10_000;
/** Connections that have not, beyond those that are expected. */
const mostStrangers = 16;

const policyViolation = 1008;

/**
 * The door for streams of agents: `GET /api/agents/stream`. Nobody is let in unless a stream is expected; a connection
 * becomes one by its first message, which holds the stream's token and is signed by its host.
 */
export function createAgentStreams(deps: {
  hostKeys: Pick<HostKeys, "get">;
  random: Pick<Random, "token">;
  clock: Clock;
  log: Log;
}): AgentStreams & { readonly sockets: readonly SocketRoute[] } {
  const { clock, log } = deps;
  const expected = new Map<string, { hostId: string; stream: AgentStream }>();
  let strangers = 0;

  /** The stream that a message opens; its token is spent. */
  async function open(text: string): Promise<AgentStream | null> {
    const signed = parseJson(text, signedText);
    const named = signed && parseJson(signed.b, streamOpen);
    const found = named && expected.get(named.token);
    if (!signed || !found) return null;
    // Whose key signed it is all that counts.
    const key = await deps.hostKeys.get(found.hostId);
    const opened: StreamOpen | null =
      key &&
      openSigned("rm-stream-v1", signed, key, verifySignature, streamOpen);
    // Of two that come with the same token at the same moment one is let in.
    if (!opened || !expected.delete(opened.token)) return null;
    return found.stream;
  }

  function connection(ip: string): SocketHandler {
    let stream: AgentStream | null = null;
    let isIntroduced = false;
    let isClosed = false;
    let stopWaiting: Cancel = () => {};

    function refuse(socket: Socket, reason: string): void {
      log.warn("A stream was refused", { ip, reason });
      socket.close(policyViolation, reason);
    }

    async function introduce(socket: Socket, text: string): Promise<void> {
      const found = await open(text);
      if (found === null) return refuse(socket, "Nobody waits for this stream");
      if (isClosed) return found.lost();
      stopWaiting();
      stream = found;
      found.connected(socket);
    }

    return {
      open(socket) {
        strangers += 1;
        const end = clock.after(introductionMs, () =>
          refuse(socket, "It did not say whose it is"),
        );
        stopWaiting = () => {
          end();
          strangers -= 1;
          stopWaiting = () => {};
        };
      },
      message(socket, message) {
        if (stream !== null) return stream.take(message);
        // Who is not let in yet has been granted nothing.
        if (isIntroduced || typeof message !== "string")
          return refuse(socket, "It began before it was let in");
        isIntroduced = true;
        introduce(socket, message).catch((error: unknown) => {
          log.error("A stream could not be opened", { ip, error });
          socket.close(policyViolation);
        });
      },
      close() {
        isClosed = true;
        stopWaiting();
        stream?.lost();
      },
    };
  }

  return {
    expect(hostId) {
      const token = deps.random.token();
      const stream = createAgentStream();
      expected.set(token, { hostId, stream });
      const stopWaiting = clock.after(firstByteMs, () =>
        stream.fail(new AppError("agent_timeout")),
      );
      stream.body.then(stopWaiting, stopWaiting);
      void stream.ended.then(() => expected.delete(token));
      const { body, ended, cancel } = stream;
      return { token, body, ended, cancel };
    },
    sockets: [
      {
        path: "/api/agents/stream",
        access: "public",
        summary: "Files of a snapshot, from an agent to whoever downloads them",
        connect({ request: { headers, ip } }) {
          // Browsers always send it, agents never.
          if (headers.has("origin")) throw new AppError("origin_refused");
          if (expected.size === 0) throw new AppError("not_found");
          if (strangers >= expected.size + mostStrangers)
            throw new AppError("rate_limited");
          return connection(ip);
        },
      },
    ],
  };
}
