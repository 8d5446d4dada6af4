import { alertKinds } from "@restic-manager/shared/domain/alert.ts";
import type { AlertMove } from "@restic-manager/shared/domain/alert.ts";
import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { DomainEvent, Events } from "../../events.ts";
import type { Notices } from "../../ports/notices.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { findOfHosts } from "./host-finding-store.ts";
import type { NextRun } from "../schedules/next-run.ts";
import { findOfRepositories } from "./repository-finding-store.ts";
import type { RetentionStates } from "./repository-finding-store.ts";
import { compare, type Finding, type Ids } from "./rules.ts";
import * as store from "./store.ts";
import { viewAlert } from "./view.ts";

/** Events come in bursts: what a run of a backup changes is looked at together. */
const settleMs = 250;
const tickMs = 60_000;
/** More at once are looked at with everything else. */
const manyIds = 500;

/**
 * Keeps the alerts true. It does not follow what happens but looks at what holds: events say where to look soon, a tick
 * looks everywhere, so nothing depends on an event that a crash has swallowed.
 */
export function createEngine(deps: {
  tx: Transaction;
  events: Events;
  notices: Notices;
  nextRun: NextRun;
  retention: RetentionStates;
  random: Random;
  clock: Clock;
  log: Log;
  /** How long after a start hosts are given to come back. */
  returnMs: number;
}): { start(): Cancel } {
  const { tx, events, notices, random, clock } = deps;
  const hosts = new Set<string>();
  const repositories = new Set<string>();
  let isAllDue = true;
  let startedAt = 0;
  let working: Promise<void> | null = null;
  let cancelSoon: Cancel | null = null;

  function takeScope(): { hosts: Ids; repositories: Ids } {
    const all = isAllDue || hosts.size + repositories.size > manyIds;
    const scope = all
      ? { hosts: null, repositories: null }
      : { hosts: [...hosts], repositories: [...repositories] };
    isAllDue = false;
    hosts.clear();
    repositories.clear();
    return scope;
  }

  async function tell(trx: Trx, id: string, move: AlertMove, at: string) {
    const record = await store.findAlert(trx, id);
    if (record === null) return;
    await notices.put(trx, { move, at, by: null, alert: viewAlert(record) });
  }

  /** Hosts were silent while the server was away, too. */
  function mayRaise({ kind }: Finding): boolean {
    return kind !== "agent_offline" || clock.now() - startedAt >= deps.returnMs;
  }

  async function raise(trx: Trx, finding: Finding, at: string) {
    const id = random.id();
    const { severity } = alertKinds[finding.kind];
    const seen = { raised_at: at, last_seen_at: at };
    await store.insertAlert(trx, { id, ...finding, severity, ...seen });
    await tell(trx, id, "raised", at);
    return id;
  }

  /** @returns the alerts that changed. */
  async function look(trx: Trx): Promise<string[]> {
    const now = clock.now();
    const at = toTimestamp(now);
    const scope = takeScope();
    const { hosts: ofHosts, repositories: ofRepositories } = scope;
    const findings = [
      ...(await findOfHosts(trx, ofHosts, { ...deps, now })),
      ...(await findOfRepositories(trx, ofRepositories, { ...deps, now })),
    ];
    const verdict = compare(findings, await store.unresolved(trx, scope));
    const changed: string[] = [];
    for (const finding of verdict.raise) {
      if (!mayRaise(finding)) continue;
      if (await store.wasDismissed(trx, finding)) continue;
      changed.push(await raise(trx, finding, at));
    }
    for (const { id, finding } of verdict.repeat) {
      const { message, cause, job_id } = finding;
      const change = { message, cause, job_id, last_seen_at: at };
      await store.updateAlert(trx, id, change);
      changed.push(id);
    }
    for (const { id } of verdict.resolve) {
      await store.updateAlert(trx, id, { resolved_at: at });
      await tell(trx, id, "resolved", at);
      changed.push(id);
    }
    return changed;
  }

  async function work(): Promise<void> {
    try {
      const changed = await tx.run(look);
      if (changed.length === 0) return;
      notices.wake();
      for (const alertId of changed)
        events.emit({ type: "alert.changed", alertId });
    } catch (error) {
      // The next tick looks at everything.
      isAllDue = true;
      deps.log.error("Looking for what people should know of failed", {
        error,
      });
    }
  }

  function workSoon(): void {
    if (working !== null || cancelSoon !== null) return;
    cancelSoon = clock.after(settleMs, () => {
      cancelSoon = null;
      working = work().finally(() => {
        working = null;
        if (hosts.size + repositories.size > 0) workSoon();
      });
    });
  }

  function hear(event: DomainEvent): void {
    switch (event.type) {
      case "job.changed":
      case "host.changed":
      case "host.configured":
        hosts.add(event.hostId);
        return workSoon();
      case "repository.changed":
        repositories.add(event.repositoryId);
        return workSoon();
      default:
    }
  }

  return {
    start() {
      startedAt = clock.now();
      workSoon();
      const stopHearing = events.on(hear);
      const stopTicking = every(clock, tickMs, () => {
        isAllDue = true;
        workSoon();
      });
      return () => {
        stopHearing();
        stopTicking();
        cancelSoon?.();
        cancelSoon = null;
      };
    },
  };
}
