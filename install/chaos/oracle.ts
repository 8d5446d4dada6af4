import { Database } from "bun:sqlite";
import type { Api } from "../e2e/rig/api.ts";
import { logOf, repositoryPassword } from "../e2e/rig/jobs.ts";
import { locksByHand, snapshotsByHand } from "../e2e/rig/repository.ts";
import type { Host, Job, JobState, Snapshot } from "../e2e/rig/types.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Journal, readJournal } from "./journal.ts";
import { orphans, type World } from "./world.ts";

/** Something that is not as the endpoints' own journals and the repositories say. */
export interface Finding {
  readonly kind: "lost" | "duplicated" | "stuck";
  readonly text: string;
}

const open: readonly JobState[] = ["queued", "sent", "running"];
const finding =
  (kind: Finding["kind"]) =>
  (text: string): Finding => ({ kind, text });
const [lost, duplicated, stuck] = [
  finding("lost"),
  finding("duplicated"),
  finding("stuck"),
];

/** Everything that is wrong now. While a run comes to rest, what is still on its way is wrong too. */
export async function compare(world: World): Promise<Finding[]> {
  const api = await world.server.api();
  const histories: Finding[] = [];
  for (const endpoint of world.endpoints)
    histories.push(...(await compareHistory(api, endpoint)));
  // Only at rest: the rest asks the repositories.
  if (histories.length > 0) return histories;
  const repositories: Finding[] = [];
  for (const endpoint of world.endpoints)
    repositories.push(...(await compareRepository(api, endpoint)));
  return [
    ...repositories,
    ...orphans(world).map(stuck),
    ...[
      world.server.database,
      ...world.endpoints.map(({ database }) => database),
    ].flatMap(damage),
  ];
}

async function compareHistory(
  api: Api,
  endpoint: Endpoint,
): Promise<Finding[]> {
  const { name } = endpoint.host;
  const journal = readJournal(endpoint.database);
  const jobs = await allPages<Job>(
    api,
    `/api/jobs?host_id=${endpoint.id}&limit=200`,
    "jobs",
  );
  const known = new Map(jobs.map((job) => [job.id, job]));
  const findings: Finding[] = [];
  for (const id of new Set([...journal.jobs, ...journal.ends.keys()]))
    findings.push(...(await compareJob(api, journal, id, known.get(id), name)));
  for (const { id, state, started_at } of jobs) {
    if (open.includes(state))
      findings.push(stuck(`job ${id} of ${name} is ${state}`));
    if (!journal.jobs.has(id) && started_at !== null)
      findings.push(
        duplicated(`job ${id} is ${state}, but ${name} never took it on`),
      );
  }
  const host = await api.get<Host>(`/api/hosts/${endpoint.id}`);
  if (!host.online) findings.push(stuck(`${name} is not online`));
  return findings;
}

async function compareJob(
  api: Api,
  journal: Journal,
  id: string,
  job: Job | undefined,
  name: string,
): Promise<Finding[]> {
  const [end, ...others] = journal.ends.get(id) ?? [];
  const who = `job ${id} of ${name}`;
  if (end === undefined) return [stuck(`${who} was taken on and has no end`)];
  if (others.length > 0)
    return [duplicated(`${who} has ${others.length + 1} ends`)];
  if (job === undefined)
    return [lost(`${who} (${end.outcome}) is not in the list`)];
  if (job.state !== end.outcome)
    return [
      (open.includes(job.state) ? stuck : lost)(
        `${who} ended ${end.outcome}, but is shown as ${job.state}`,
      ),
    ];
  return compareLog(
    await logOf(api, id),
    journal.lines.get(id) ?? new Map(),
    end.log_lines,
    journal.gaps.has(id),
  ).map(({ kind, text }) => ({ kind, text: `${who}: ${text}` }));
}

function compareLog(
  shown: readonly { readonly n: number; readonly l: string }[],
  written: ReadonlyMap<number, string>,
  count: number,
  mayHaveGaps: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const numbers = shown.map(({ n }) => n);
  if (
    new Set(numbers).size < numbers.length ||
    numbers.some((n, i) => n <= (numbers[i - 1] ?? 0))
  )
    findings.push(duplicated("lines are shown twice or out of order"));
  for (const { n, l } of shown)
    if (written.get(n) !== l)
      findings.push(duplicated(`line ${n} is not the one that was written`));
  const missing = count - new Set(numbers).size;
  if (missing > 0 && !mayHaveGaps)
    findings.push(lost(`${missing} of ${count} lines are missing`));
  return findings;
}

async function compareRepository(
  api: Api,
  endpoint: Endpoint,
): Promise<Finding[]> {
  const { name } = endpoint.host;
  const byHand = await snapshotsByHand(endpoint.repository, repositoryPassword);
  const shown = await allPages<Snapshot>(
    api,
    `/api/hosts/${endpoint.id}/snapshots`,
    "snapshots",
  );
  const ids = new Set(shown.map(({ id }) => id));
  const real = new Set(byHand.map(({ id }) => id));
  const locks = await locksByHand(endpoint.repository, repositoryPassword);
  return [
    ...[...real]
      .filter((id) => !ids.has(id))
      .map((id) => lost(`snapshot ${id} of ${name} is not in the list`)),
    ...[...ids]
      .filter((id) => !real.has(id))
      .map((id) => duplicated(`snapshot ${id} of ${name} is in no repository`)),
    ...locks.map((id) =>
      stuck(`lock ${id} is left in the repository of ${name}`),
    ),
  ];
}

function damage(file: string): Finding[] {
  const db = new Database(file, { readwrite: true });
  try {
    const row = db.query("PRAGMA integrity_check").get() as {
      integrity_check: string;
    };
    return row.integrity_check === "ok"
      ? []
      : [lost(`${file}: ${row.integrity_check}`)];
  } finally {
    db.close();
  }
}

async function allPages<T>(
  api: Api,
  path: string,
  field: string,
): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const join = path.includes("?") ? "&" : "?";
    const more: string =
      cursor === ""
        ? path
        : `${path}${join}cursor=${encodeURIComponent(cursor)}`;
    const page: Record<string, unknown> = await api.get(more);
    all.push(...(page[field] as T[]));
    cursor = page["next_cursor"] as string | null;
  }
  return all;
}
