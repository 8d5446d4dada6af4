import { z } from "zod";
import {
  failure,
  failures,
  type Failure,
  type FailureCode,
} from "@restic-manager/shared/domain/failure.ts";
import { isEmptyRetention } from "@restic-manager/shared/domain/retention.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { MaintenanceSecret } from "@restic-manager/shared/protocol/command.ts";
import type { SnapshotRecord } from "@restic-manager/shared/protocol/event.ts";
import { FailureError, failureFrom } from "../failure-error.ts";
import { forgetArgs } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import { failureOf, type ResticEnd } from "../restic/exit-codes.ts";
import { logMessage } from "./backup-log.ts";
import type { Ended } from "./job-report.ts";
import { listSnapshots, reportList } from "./snapshots.ts";
import {
  endedBy,
  openRepository,
  reportState,
  runForTask,
  type UpkeepTask,
} from "./upkeep-task.ts";

/** So many fit into the message that ends the job; its log lists them all. */
const toldGroups = 500;

type Group = NonNullable<MaintenanceSecret["groups"]>[number];

/** restic's own account of what it removed. */
const forgotten = z.array(
  z.object({ remove: z.array(z.object({ id: z.string() })).nullish() }),
);

/**
 * Applies the policy of each source group, one after the other. What counts is the list afterwards: some restics end well
 * although nothing could be removed.
 */
export async function forget(task: UpkeepTask): Promise<Ended> {
  const { deps, request, secret, signal } = task;
  const groups = groupsWithPolicy(task);
  const [first, ...others] = groups;
  if (first === undefined) throw new FailureError("retention_empty");
  await openRepository(task);
  const before = await listSnapshots({ runner: deps.runner, signal }, secret);

  const gone = new Set<string>();
  let end = await forgetGroup(task, first, gone);
  for (const group of others)
    if (succeeded(end)) end = await forgetGroup(task, group, gone);
  if (end.stopped === "agent_stopped") return endedBy(end, null);

  const after = await listAgain(task, end);
  if (!Array.isArray(after)) return endedBy(end, null, after);
  reportList(deps, request.repository_id, after);
  const stays = after.filter(({ id }) => gone.has(id));
  const error = errorOf(end, stays);
  const results = groups.map((group) => resultOf(group, before, after));
  for (const { host, tag, kept, removed } of results)
    task.log.add(
      "info",
      "system",
      `Source group ${tag} of ${host}: ${removed} removed, ${kept} kept.`,
    );
  await reportState(task, {
    snapshot_count: after.length,
    ...(error === null ? { forgot_at: deps.time.stamp() } : {}),
  });
  const upkeep = {
    groups: results.slice(0, toldGroups),
    snapshots_before: before.length,
    snapshots_after: after.length,
  };
  return endedBy(end, upkeep, error);
}

/** An empty policy is never run: restic would take it for "remove everything", or refuse. */
function groupsWithPolicy({ secret, log }: UpkeepTask): Group[] {
  return (secret.groups ?? []).filter(({ host, tag, retention }) => {
    const isEmpty = isEmptyRetention(retention);
    if (isEmpty)
      log.add(
        "warning",
        "system",
        `Source group ${tag} of ${host} has no retention policy: left out, everything is kept.`,
      );
    return !isEmpty;
  });
}

async function forgetGroup(
  task: UpkeepTask,
  group: Group,
  gone: Set<string>,
): Promise<ResticEnd> {
  return runForTask(
    task,
    forgetArgs(group, group.retention),
    (message, stream, line) => {
      const groups = stream === "stdout" ? parseJson(line, forgotten) : null;
      for (const { remove } of groups ?? [])
        for (const { id } of remove ?? []) gone.add(id);
      if (stream === "stderr" || message.type === "exit_error")
        logMessage(task.log, message, stream);
    },
  );
}

/** The list after it all, also after a cancel; what went wrong before goes first. */
async function listAgain(
  { deps, secret }: UpkeepTask,
  end: ResticEnd,
): Promise<SnapshotRecord[] | Failure> {
  try {
    const { runner, stopping: signal } = deps;
    return await listSnapshots({ runner, signal }, secret);
  } catch (error) {
    return succeeded(end) ? failureFrom(error) : failureOf(end);
  }
}

/** What restic says when it could not delete, if it says anything at all. */
const vague: readonly FailureCode[] = ["restic_failed", "delete_refused"];

function errorOf(
  end: ResticEnd,
  stays: readonly SnapshotRecord[],
): Failure | null {
  const found = succeeded(end) ? null : failureOf(end);
  if (stays.length === 0 || !vague.includes(found?.code ?? "restic_failed"))
    return found;
  return failure(
    "delete_refused",
    `${failures.delete_refused} Still there: ${stays.map(({ id }) => id.slice(0, 8)).join(", ")}.`,
  );
}

function resultOf(
  { host, tag }: Group,
  before: readonly SnapshotRecord[],
  after: readonly SnapshotRecord[],
) {
  const own = (list: readonly SnapshotRecord[]) =>
    list.filter((s) => s.hostname === host && s.tags.includes(tag));
  const kept = own(after);
  const stays = new Set(kept.map(({ id }) => id));
  const removed = own(before).filter(({ id }) => !stays.has(id)).length;
  return { host, tag, kept: kept.length, removed };
}
