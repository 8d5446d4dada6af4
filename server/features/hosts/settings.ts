import type { HostPatch } from "@restic-manager/shared/api/hosts.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import { findHost, saveSettings, settingsOf } from "./store.ts";

/** Changes what people decide about a host. @throws AppError `host_not_found` */
export type ChangeSettings = (
  id: string,
  patch: HostPatch,
  by: Initiator,
) => Promise<void>;

export function createChangeSettings(deps: {
  tx: Transaction;
  audit: Audit;
  revision: Pick<ConfigRevision, "raise" | "announce">;
  events: Events;
}): ChangeSettings {
  const { tx, audit, revision, events } = deps;

  /** @returns whether the host must fetch its configuration. */
  async function change(
    trx: Trx,
    id: string,
    patch: HostPatch,
    by: Initiator,
  ): Promise<boolean> {
    const host = await findHost(trx, id);
    if (host === null) throw new AppError("host_not_found");
    const before = settingsOf(host);
    const after = {
      tags: patch.tags === undefined ? before.tags : tidyTags(patch.tags),
      always_on: patch.always_on ?? before.always_on,
      bandwidth: patch.bandwidth ?? before.bandwidth,
      index_enabled: patch.index_enabled ?? before.index_enabled,
    };
    if (Bun.deepEquals(before, after)) return false;
    await saveSettings(trx, id, after);
    const { tags, always_on, bandwidth, index_enabled } = after;
    await audit.record(trx, by, {
      action: "host.update",
      target: { kind: "host", id },
      payload: {
        name: host.name,
        tags,
        always_on,
        ...bandwidth,
        index_enabled,
      },
    });
    const agents = ({ bandwidth, index_enabled }: typeof after) => ({
      bandwidth,
      index_enabled,
    });
    // The rest is not the agent's business, and before its set-up a host has no configuration.
    if (host.cfg_rev === 0 || Bun.deepEquals(agents(before), agents(after)))
      return false;
    await revision.raise(trx, [id]);
    return true;
  }

  return async (id, patch, by) => {
    const isOutdated = await tx.run((trx) => change(trx, id, patch, by));
    if (isOutdated) revision.announce([id]);
    else events.emit({ type: "host.changed", hostId: id });
  };
}

function tidyTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].sort();
}
