import { maxChannels } from "@restic-manager/shared/api/channels.ts";
import type {
  Channel,
  ChannelSpec,
  ChannelTest,
} from "@restic-manager/shared/api/channels.ts";
import { severities } from "@restic-manager/shared/domain/alert.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { z } from "zod";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, AuditEntry, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Breaker } from "./breaker.ts";
import { receiverOf, type Receiver, type ReceiverBox } from "./receiver.ts";
import type { Send } from "./send.ts";
import * as store from "./store.ts";

/** What administrators do with the channels over which people are told. */
export interface Channels {
  list(): Promise<Channel[]>;
  create(spec: ChannelSpec, by: Initiator): Promise<Channel>;
  /** @throws AppError `channel_not_found`, `channel_kind_fixed`, `invalid_request` */
  change(id: string, spec: ChannelSpec, by: Initiator): Promise<Channel>;
  /** What waits for it is dropped. */
  remove(id: string, by: Initiator): Promise<void>;
  /** Sends one message now and says how it went. */
  test(id: string, by: Initiator): Promise<ChannelTest>;
}

const severityList = z.array(z.enum(severities));

export function createChannels(deps: {
  db: Db;
  tx: Transaction;
  box: ReceiverBox;
  send: Send;
  breaker: Breaker;
  wake: () => void;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
}): Channels {
  const { db, tx, box, breaker, audit, random } = deps;
  const now = () => toTimestamp(deps.clock.now());

  const view = (record: store.ChannelRecord) =>
    viewChannel(record, box.open(record.id, record.sealed));

  async function found(
    from: Db | Trx,
    id: string,
  ): Promise<store.ChannelRecord> {
    const record = await store.findChannel(from, id);
    if (record === null) throw new AppError("channel_not_found");
    return record;
  }

  async function refuseTaken(trx: Trx, name: string, exceptId: string) {
    if (!(await store.isNameTaken(trx, name, exceptId))) return;
    const message = "Another channel has this name.";
    throw new AppError("invalid_request", {
      fields: { name: { code: "taken", message } },
    });
  }

  function columns(id: string, spec: ChannelSpec, receiver: Receiver) {
    return {
      name: spec.name,
      enabled: spec.enabled ? (1 as const) : (0 as const),
      severities: JSON.stringify([...new Set(spec.severities)]),
      sealed: box.seal(id, receiver),
      updated_at: now(),
    };
  }

  function record(trx: Trx, by: Initiator, entry: AuditEntry, id: string) {
    const target = { kind: "channel", id };
    return audit.record(trx, by, { ...entry, target });
  }

  function changed(): void {
    deps.events.emit({ type: "channels.changed" });
  }

  /** Whatever waits may go now: the channel has changed, or has just worked. */
  function retry(id: string): void {
    breaker.worked(id);
    deps.wake();
    changed();
  }

  return {
    list: async () => (await store.listChannels(db)).map(view),

    async create(spec, by) {
      const id = random.id();
      const receiver = receiverOf(spec, null);
      await tx.run(async (trx) => {
        if ((await store.listChannels(trx)).length >= maxChannels)
          throw new AppError("channels_full");
        await refuseTaken(trx, spec.name, id);
        await store.insertChannel(trx, {
          id,
          kind: spec.kind,
          ...columns(id, spec, receiver),
          created_at: now(),
          last_delivered_at: null,
          last_error: null,
        });
        const payload = described(spec);
        await record(trx, by, { action: "channel.create", payload }, id);
      });
      changed();
      return view(await found(db, id));
    },

    async change(id, spec, by) {
      await tx.run(async (trx) => {
        const before = await found(trx, id);
        if (before.kind !== spec.kind) throw new AppError("channel_kind_fixed");
        await refuseTaken(trx, spec.name, id);
        const receiver = receiverOf(spec, box.open(id, before.sealed));
        await store.updateChannel(trx, id, columns(id, spec, receiver));
        if (spec.enabled) await store.hasten(trx, id, now());
        else await store.dropWaiting(trx, id);
        const payload = {
          ...described(spec),
          secret_changed: (spec.secret ?? "") !== "",
        };
        await record(trx, by, { action: "channel.update", payload }, id);
      });
      retry(id);
      return view(await found(db, id));
    },

    async remove(id, by) {
      await tx.run(async (trx) => {
        const { name } = await found(trx, id);
        await store.deleteChannel(trx, id);
        const payload = { name };
        await record(trx, by, { action: "channel.delete", payload }, id);
      });
      changed();
    },

    async test(id, by) {
      const channel = await found(db, id);
      const receiver = box.open(id, channel.sealed);
      const message = { id: random.id(), at: now(), notice: null };
      const problem = await deps.send(receiver, message);
      await tx.run(async (trx) => {
        const { name } = channel;
        const payload = { name, ok: problem === null };
        await record(trx, by, { action: "channel.test", payload }, id);
        await store.updateChannel(trx, id, {
          last_error: problem,
          ...(problem === null ? { last_delivered_at: now() } : {}),
        });
        if (problem === null) await store.hasten(trx, id, now());
      });
      if (problem === null) retry(id);
      else changed();
      return {
        ok: problem === null,
        message: problem ?? "The receiver has taken the test message.",
      };
    },
  };
}

/** For the record of changes: the path of an address may be a secret of its own. */
function described({ name, kind, enabled, severities: of, url }: ChannelSpec) {
  const server = new URL(url).origin;
  return { name, kind, enabled, severities: of, server };
}

function viewChannel(record: store.ChannelRecord, receiver: Receiver): Channel {
  const { secret, ...shown } = receiver;
  return {
    ...shown,
    id: record.id,
    name: record.name,
    enabled: record.enabled === 1,
    severities: severityList.parse(JSON.parse(record.severities)),
    secret_set: secret !== null,
    created_at: record.created_at,
    waiting: record.waiting,
    last_delivered_at: record.last_delivered_at,
    last_error: record.last_error,
  };
}
