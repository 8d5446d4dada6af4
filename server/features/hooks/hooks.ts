import type {
  GroupHooks,
  HostHooks,
  HostHooksSpec,
} from "@restic-manager/shared/api/hooks.ts";
import { defaultHookTimeoutS } from "@restic-manager/shared/domain/hook.ts";
import type { HookSpec } from "@restic-manager/shared/domain/hook.ts";
import { AppError } from "../../app-error.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import { readHook } from "./applied.ts";
import type { HookBox, HookOwner } from "./box.ts";
import * as store from "./store.ts";

/** Scripts around backups. Only these two forms hold them in the clear; they are not in the audit trail or a log. */
export interface Hooks {
  ofGroup(id: string): Promise<GroupHooks>;
  changeGroup(id: string, spec: HookSpec, by: Initiator): Promise<GroupHooks>;
  ofHost(id: string): Promise<HostHooks>;
  changeHost(
    id: string,
    spec: HostHooksSpec,
    by: Initiator,
  ): Promise<HostHooks>;
}

export function createHooks(deps: {
  db: Db;
  tx: Transaction;
  box: HookBox;
  audit: Audit;
  config: ConfigRevision;
}): Hooks {
  const { db, tx, box, audit, config } = deps;

  function read(kind: HookOwner["kind"], record: store.HookRecord) {
    const pre = readHook(box, kind, record, "pre");
    const post = readHook(box, kind, record, "post");
    return {
      hooks: {
        pre: pre ?? null,
        post: post ?? null,
        timeout_s: record.hook_timeout_s ?? defaultHookTimeoutS,
      },
      unreadable: pre === undefined || post === undefined,
    };
  }

  function seal(owner: HookOwner, spec: HookSpec): store.HookRecord {
    const { pre, post, timeout_s } = spec;
    const isSet = pre !== null || post !== null;
    return {
      id: owner.id,
      pre_hook: pre === null ? null : box.seal(owner, "pre", pre),
      post_hook: post === null ? null : box.seal(owner, "post", post),
      // The limit goes with the script: one that is inherited keeps the host's.
      hook_timeout_s: isSet ? timeout_s : null,
    };
  }

  async function readGroup(db: Db | Trx, id: string): Promise<GroupHooks> {
    const group = await store.hooksOfGroup(db, id);
    if (group === null) throw new AppError("source_group_not_found");
    const own = read("group", group);
    const inherited = await readHost(db, group.host_id);
    const { pre, post, timeout_s } = inherited.hooks;
    return {
      hooks: {
        ...own.hooks,
        timeout_s: group.hook_timeout_s ?? timeout_s,
      },
      inherited: { pre, post, timeout_s },
      unreadable: own.unreadable || inherited.unreadable,
    };
  }

  async function readHost(db: Db | Trx, id: string): Promise<HostHooks> {
    const host = await store.hooksOfHost(db, id);
    if (host === null) throw new AppError("host_not_found");
    const { hooks, unreadable } = read("host", host);
    const shell = host.hook_shell && JSON.parse(host.hook_shell);
    return { hooks: { ...hooks, shell }, unreadable };
  }

  return {
    ofGroup: (id) => readGroup(db, id),

    async changeGroup(id, spec, by) {
      const hostId = await tx.run(async (trx) => {
        const group = await store.hooksOfGroup(trx, id);
        if (group === null) throw new AppError("source_group_not_found");
        const tidy = tidied(spec);
        await store.saveGroupHooks(trx, seal({ kind: "group", id }, tidy));
        await config.raise(trx, [group.host_id]);
        await config.requireFit(trx, group.host_id);
        await audit.record(trx, by, {
          action: "hooks.update",
          target: { kind: "source_group", id },
          payload: {
            host_id: group.host_id,
            group: group.name,
            ...described(tidy, "inherited"),
          },
        });
        return group.host_id;
      });
      config.announce([hostId]);
      return readGroup(db, id);
    },

    ofHost: (id) => readHost(db, id),

    async changeHost(id, { shell, ...spec }, by) {
      const isConfigured = await tx.run(async (trx) => {
        const host = await store.hooksOfHost(trx, id);
        if (host === null) throw new AppError("host_not_found");
        const tidy = withoutEmpty(tidied(spec));
        await store.saveHostHooks(trx, {
          ...seal({ kind: "host", id }, tidy),
          hook_shell: shell && JSON.stringify(shell),
        });
        await audit.record(trx, by, {
          action: "hooks.update",
          target: { kind: "host", id },
          payload: {
            ...described(tidy, "none"),
            shell: shell === null ? "system" : "own",
          },
        });
        // A host that is not set up has no configuration yet.
        if (host.cfg_rev === 0) return false;
        await config.raise(trx, [id]);
        await config.requireFit(trx, id);
        return true;
      });
      if (isConfigured) config.announce([id]);
      return readHost(db, id);
    },
  };
}

/** A script of nothing but space is none. */
function tidied({ pre, post, timeout_s }: HookSpec): HookSpec {
  const tidy = (text: string | null) => (text?.trim() === "" ? "" : text);
  return { pre: tidy(pre), post: tidy(post), timeout_s };
}

function withoutEmpty({ pre, post, timeout_s }: HookSpec): HookSpec {
  return { pre: pre || null, post: post || null, timeout_s };
}

/** For the audit trail: whether there is a hook, never what it says. */
function described({ pre, post, timeout_s }: HookSpec, unset: string) {
  const word = (text: string | null) =>
    text === null ? unset : text === "" ? "none" : "set";
  return { pre: word(pre), post: word(post), timeout_s };
}
