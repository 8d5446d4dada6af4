import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { heartbeat, resume } from "@restic-manager/shared/protocol/hello.ts";
import type {
  HelloAnswer,
  ResumeAnswer,
} from "@restic-manager/shared/protocol/hello.ts";
import { pattern } from "@restic-manager/shared/protocol/topic.ts";
import type { z } from "zod";
import type { AgentRequests } from "../../ports/agent-link.ts";
import type { Bus, Unsubscribe } from "../../ports/bus.ts";
import { anyHello, type Committed } from "./hello.ts";
import type { Presence } from "./presence.ts";

/** The doors for agents: hello, the committed mark, heartbeats. */
export function connectHosts(deps: {
  readonly bus: Pick<Bus, "subscribe">;
  readonly requests: AgentRequests;
  readonly presence: Pick<Presence, "heard">;
  readonly hello: (
    hostId: string,
    said: z.infer<typeof anyHello>,
  ) => Promise<HelloAnswer>;
  readonly committed: Committed;
  readonly log: Log;
}): Unsubscribe {
  deps.requests.on("hello", anyHello, deps.hello);
  deps.requests.on(
    "resume",
    resume,
    async (hostId, { t, epoch }): Promise<ResumeAnswer> => ({
      host: hostId,
      t,
      committed: { epoch, seq: await deps.committed({ hostId, epoch }) },
    }),
  );
  // Unsigned: the broker vouches for the subject, and the worst a false one does is to keep its own host online.
  return deps.bus.subscribe(pattern.heartbeats, (message) => {
    const beat = parseJson(message.text, heartbeat);
    if (beat === null || beat.host !== message.hostId) {
      deps.log.debug("A heartbeat is malformed", { host_id: message.hostId });
      return;
    }
    deps.presence.heard(beat);
  });
}
