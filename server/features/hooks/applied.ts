import { defaultHookTimeoutS } from "@restic-manager/shared/domain/hook.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { HookBox, HookOwner, HookSlot } from "./box.ts";
import { hooksOfGroups, hooksOfHost } from "./store.ts";
import type { HookRecord } from "./store.ts";

export interface AppliedHook {
  /** Null: none. */
  readonly text: string | null;
  readonly owner: "none" | HookOwner["kind"];
}

/** What runs around the backups of a group: its own hook, or the host's, or none. */
export interface AppliedHooks {
  readonly pre: AppliedHook;
  readonly post: AppliedHook;
  readonly timeout_s: number;
  /** One of them cannot be decrypted, so that no backup may run. */
  readonly unreadable: boolean;
}

/** Of each source group of a host. */
export type HooksOfGroups = (
  db: Db | Trx,
  hostId: string,
) => Promise<ReadonlyMap<string, AppliedHooks>>;

export function createHooksOfGroups(box: HookBox): HooksOfGroups {
  return async (db, hostId) => {
    const host = await hooksOfHost(db, hostId);
    if (host === null) return new Map();
    const groups = await hooksOfGroups(db, hostId);
    return new Map(groups.map((group) => [group.id, apply(box, host, group)]));
  };
}

/** A stored hook: null is unset; undefined cannot be read. */
export function readHook(
  box: HookBox,
  kind: HookOwner["kind"],
  record: HookRecord,
  slot: HookSlot,
): string | null | undefined {
  const sealed = record[`${slot}_hook`];
  if (sealed === null) return null;
  return box.open({ kind, id: record.id }, slot, sealed) ?? undefined;
}

function apply(
  box: HookBox,
  host: HookRecord,
  group: HookRecord,
): AppliedHooks {
  const pre = applySlot(box, host, group, "pre");
  const post = applySlot(box, host, group, "post");
  return {
    pre: shown(pre),
    post: shown(post),
    timeout_s:
      group.hook_timeout_s ?? host.hook_timeout_s ?? defaultHookTimeoutS,
    unreadable: pre.text === undefined || post.text === undefined,
  };
}

type Read = Pick<AppliedHook, "owner"> & { text: string | null | undefined };

function applySlot(
  box: HookBox,
  host: HookRecord,
  group: HookRecord,
  slot: HookSlot,
): Read {
  const own = readHook(box, "group", group, slot);
  if (own !== null) return { text: own, owner: "group" };
  return { text: readHook(box, "host", host, slot), owner: "host" };
}

function shown({ text, owner }: Read): AppliedHook {
  if (text === undefined) return { text: null, owner };
  return text === null || text === ""
    ? { text: null, owner: "none" }
    : { text, owner };
}
