import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { heartbeat, resume } from "@restic-manager/shared/protocol/hello.ts";
import type {
  Heartbeat,
  HelloAnswer,
  ResumeAnswer,
} from "@restic-manager/shared/protocol/hello.ts";
import {
  renewRequest,
  rotateRequest,
} from "@restic-manager/shared/protocol/identity.ts";
import { pattern } from "@restic-manager/shared/protocol/topic.ts";
import type { z } from "zod";
import { verifySignature } from "../../identity.ts";
import type { HostKeys } from "../../ports/host-keys.ts";
import type { AgentRequests } from "../../ports/agent-link.ts";
import type { Bus, BusMessage, Unsubscribe } from "../../ports/bus.ts";
import type { HostAccess } from "./access.ts";
import { anyHello, type Committed } from "./hello.ts";
import type { Instances } from "./instances.ts";
import type { Presence } from "./presence.ts";
import type { Rotation } from "./rotation.ts";

/** The doors for agents: hello, the committed mark, their access and key, heartbeats. */
export function connectHosts(deps: {
  readonly bus: Pick<Bus, "subscribe">;
  readonly requests: AgentRequests;
  readonly hostKeys: Pick<HostKeys, "get">;
  readonly presence: Pick<Presence, "heard">;
  readonly instances: Pick<Instances, "heard">;
  readonly access: Pick<HostAccess, "renew">;
  readonly rotation: Pick<Rotation, "rotate">;
  readonly hello: (
    hostId: string,
    said: z.infer<typeof anyHello>,
  ) => Promise<HelloAnswer>;
  readonly committed: Committed;
  readonly log: Log;
}): Unsubscribe {
  const { requests, instances, log } = deps;
  requests.on("hello", anyHello, deps.hello);
  requests.on(
    "resume",
    resume,
    async (hostId, { t, epoch }): Promise<ResumeAnswer> => ({
      host: hostId,
      t,
      committed: { epoch, seq: await deps.committed({ hostId, epoch }) },
    }),
  );
  requests.on("renew", renewRequest, (hostId, { t }) =>
    deps.access.renew(hostId, t),
  );
  requests.on("rotate", rotateRequest, deps.rotation.rotate);

  async function hear(message: BusMessage): Promise<void> {
    const key = await deps.hostKeys.get(message.hostId);
    const beat = key === null ? null : readBeat(message, key);
    if (beat !== null && instances.heard(message.hostId, beat))
      return deps.presence.heard(beat);
    log.debug("A heartbeat does not count", { host_id: message.hostId });
  }

  return deps.bus.subscribe(pattern.heartbeats, (message) => {
    hear(message).catch((error: unknown) =>
      log.error("Hearing a host failed", { host_id: message.hostId, error }),
    );
  });
}

/** The heartbeat in a message, when the key of the host whose subject it came on signed it. */
function readBeat(message: BusMessage, key: Uint8Array): Heartbeat | null {
  const signed = parseJson(message.text, signedText);
  if (signed === null) return null;
  const beat = openSigned(
    "rm-heartbeat-v1",
    signed,
    key,
    verifySignature,
    heartbeat,
  );
  return beat?.host === message.hostId ? beat : null;
}
