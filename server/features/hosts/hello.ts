import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { timestamp } from "@restic-manager/shared/domain/ids.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { hello } from "@restic-manager/shared/protocol/hello.ts";
import type {
  Hello,
  HelloAnswer,
} from "@restic-manager/shared/protocol/hello.ts";
import {
  helpUrl,
  protocolFits,
  protocolMin,
} from "@restic-manager/shared/protocol/version.ts";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import { z } from "zod";
import type { Events } from "../../events.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Instances } from "./instances.ts";
import type { Rotation } from "./rotation.ts";
import type { Presence, Reconcile } from "./presence.ts";
import { findHost, saveFacts } from "./store.ts";

/** What every version of hello holds: another version may differ in everything else. */
export const anyHello = z.looseObject({
  t: timestamp,
  protocol_min: z.number().int(),
  protocol_max: z.number().int(),
});
type AnyHello = z.infer<typeof anyHello>;

/** Highest number up to which every event of an epoch is stored. */
export type Committed = (numbering: {
  readonly hostId: string;
  readonly epoch: string;
}) => Promise<number>;

/** Answers the first thing an agent says after every connect: stores its facts and tells it where both sides stand. */
export function createHello(deps: {
  readonly tx: Transaction;
  readonly events: Events;
  readonly presence: Pick<Presence, "greeted">;
  readonly instances: Pick<Instances, "greeted">;
  readonly rotation: Pick<Rotation, "greeted">;
  readonly broker: Pick<Broker, "agentSigner">;
  readonly reconcile: Reconcile;
  readonly committed: Committed;
  readonly clock: Clock;
  readonly log: Log;
  readonly heartbeatMs: number;
}): (hostId: string, said: AnyHello) => Promise<HelloAnswer> {
  const { events, clock, log } = deps;

  /** Null when the host is gone; otherwise the revision of the configuration it should run by. */
  function save(hostId: string, body: Hello): Promise<number | null> {
    return deps.tx.run(async (trx) => {
      const host = await findHost(trx, hostId);
      if (host === null) return null;
      // An agent never goes back to an older revision. One that is ahead has seen a store that was lost since.
      const cfg_rev =
        body.cfg_rev > host.cfg_rev ? body.cfg_rev + 1 : host.cfg_rev;
      await saveFacts(trx, hostId, {
        hostname: body.hostname,
        os: body.os,
        os_version: body.os_version,
        arch: body.arch,
        tz: body.tz,
        boot_time: body.boot_time,
        agent_version: body.agent_version,
        agent_commit: body.agent_commit,
        restic: JSON.stringify(body.restic),
        cfg_rev,
        applied_cfg_rev: body.cfg_rev,
        last_seen_at: toTimestamp(clock.now()),
      });
      return cfg_rev;
    });
  }

  return async (hostId, said) => {
    const refuse = (
      code: "protocol_too_old" | "protocol_too_new" | "unknown_host",
      message: string,
    ): HelloAnswer => {
      log.warn("An agent cannot be served", { host_id: hostId, code });
      return {
        ok: false,
        host: hostId,
        t: said.t,
        code,
        message,
        help_url: helpUrl,
      };
    };

    const theirs = { min: said.protocol_min, max: said.protocol_max };
    if (!protocolFits(theirs)) {
      const isOld = theirs.max < protocolMin;
      const code = isOld ? "protocol_too_old" : "protocol_too_new";
      return refuse(code, apiErrors[code][1]);
    }
    const body = hello.parse(said);
    const cfg_rev = await save(hostId, body);
    if (cfg_rev === null) {
      return refuse(
        "unknown_host",
        "This server does not know the host; announce it again.",
      );
    }
    deps.presence.greeted(hostId, body.epoch);
    deps.instances.greeted(hostId, body);
    deps.rotation.greeted(hostId);
    log.info("A host said hello", {
      host_id: hostId,
      version: body.agent_version,
      restic_version: body.restic.version,
      epoch: body.epoch,
    });
    events.emit({ type: "host.changed", hostId });
    events.emit({ type: "host.configured", hostId });
    await deps
      .reconcile(body)
      .catch((error: unknown) =>
        log.error("Reconciling a host failed", { host_id: hostId, error }),
      );
    return {
      ok: true,
      host: hostId,
      t: said.t,
      server_time: toTimestamp(clock.now()),
      cfg_rev,
      committed: {
        epoch: body.epoch,
        seq: await deps.committed({ hostId, epoch: body.epoch }),
      },
      heartbeat_ms: deps.heartbeatMs,
      renew: body.jwt_issuer !== deps.broker.agentSigner(),
    };
  };
}
