import { every } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { OnViolation } from "../../ports/violation.ts";

/** What hosts tried at the broker and were refused, for people to see: an honest agent never tries. */
export interface Violations {
  readonly refused: OnViolation;
  /** Begins to write down what was refused. */
  start(): Cancel;
}

/** How often something was refused, and the first different things of it. */
interface Tried {
  count: number;
  readonly subjects: Set<string>;
}

const tickMs = 1_000;
const rowEveryMs = 60_000;
const maxSubjects = 10;
const maxSubjectLength = 120;
/** Whose attempts are told apart in a second; those of further connections are counted together. */
const maxConnections = 1_000;
const furtherConnections = "";

/**
 * Makes one audit row and one log line a host and minute, however much is refused, the first within a second. The audit
 * log cannot be pruned, so a host must not be able to fill it.
 */
export function createViolations(deps: {
  readonly broker: Pick<Broker, "hostOf">;
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}): Violations {
  const { clock, log } = deps;
  /** By connection, since the last tick. */
  let fresh = new Map<string, Tried>();
  /** By host, what no row tells yet; null is whoever is no host or is gone. */
  const untold = new Map<string | null, Tried>();
  /** When a host's next row may be written. */
  const due = new Map<string | null, number>();

  async function tick(): Promise<void> {
    const taken = fresh;
    fresh = new Map();
    for (const [connection, tried] of taken)
      add(triedBy(untold, deps.broker.hostOf(connection)), tried);

    const now = clock.now();
    for (const [hostId, at] of due) if (at <= now) due.delete(hostId);
    for (const [hostId, tried] of untold) {
      if (due.has(hostId)) continue;
      untold.delete(hostId);
      due.set(hostId, now + rowEveryMs);
      await tell(hostId, tried);
    }
  }

  async function tell(hostId: string | null, tried: Tried): Promise<void> {
    const { count } = tried;
    const subjects = [...tried.subjects];
    log.warn("The broker refused what a client tried", {
      host_id: hostId,
      count,
      subject: subjects[0],
    });
    const host = hostId === null ? undefined : await find(deps.db, hostId);
    if (host === undefined) return;
    const by = {
      kind: "agent",
      ...host,
      ip: null,
      requestId: null,
    } as const;
    await deps.tx.run((trx) =>
      deps.audit.record(trx, by, {
        action: "host.violation",
        target: { kind: "host", id: host.id },
        payload: { count, subjects },
      }),
    );
  }

  return {
    refused({ connection, act, subject }) {
      const isKnown = fresh.has(connection) || fresh.size < maxConnections;
      add(triedBy(fresh, isKnown ? connection : furtherConnections), {
        count: 1,
        subjects: new Set([`${act} ${subject.slice(0, maxSubjectLength)}`]),
      });
    },
    start: () =>
      every(clock, tickMs, () => {
        tick().catch((error: unknown) =>
          log.error("Writing down what hosts were refused failed", { error }),
        );
      }),
  };
}

function triedBy<K>(by: Map<K, Tried>, who: K): Tried {
  const tried = by.get(who) ?? { count: 0, subjects: new Set() };
  by.set(who, tried);
  return tried;
}

function add(to: Tried, more: Tried): void {
  to.count += more.count;
  for (const subject of more.subjects)
    if (to.subjects.size < maxSubjects) to.subjects.add(subject);
}

function find(db: Db, hostId: string) {
  return db
    .selectFrom("hosts")
    .select(["id", "name"])
    .where("id", "=", hostId)
    .executeTakeFirst();
}
