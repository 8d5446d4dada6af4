import type { Api } from "../e2e/rig/api.ts";
import type { Alert, Job, Snapshot } from "../e2e/rig/types.ts";
import { adminSecret, filesWith } from "../e2e/rig/upkeep.ts";
import { isoOf } from "./drive.ts";
import { type MonthHost, scheduleOf } from "./host.ts";
import { keptByRestic, snapshotsIn } from "./restic.ts";
import {
  expected,
  firesOf,
  type Gap,
  type Story,
  upkeepKinds,
  upkeepOf,
} from "./story.ts";
import { type HostRow, type Outcome, textOf, type UpkeepRow } from "./table.ts";
import type { World } from "./world.ts";

/**
 * A fire is on time when its backup starts within so long. The product promises five seconds; a machine on which all of
 * this runs at once may need more, and what is later than a minute the agent itself calls missed.
 */
const punctualMs = 30_000;
/** A catch-up starts so long after the host is there again, and not much later. */
const catchUpMs = [60_000, 100_000] as const;

/** Everything that happened against everything that should have; each difference in words. */
export async function compare(world: World, story: Story): Promise<Outcome> {
  const differences: string[] = [];
  const differ = (text: string) => void differences.push(text);
  const api = await world.api();
  const hosts: HostRow[] = [];
  for (const host of world.hosts)
    hosts.push(await compareHost(world, story, api, host, differ));
  const upkeep: UpkeepRow[] = [];
  for (const repository of world.repositories)
    upkeep.push(...(await compareUpkeep(story, api, repository, differ)));
  const alerts = await compareAlerts(world, story, api, differ);
  const agents = world.hosts.map(({ agent }) => agent);
  for (const file of await filesWith(adminSecret, agents))
    differ(`the access that may delete is on an endpoint's disk: ${file}`);
  return { hosts, upkeep, alerts, differences };
}

type Differ = (text: string) => void;

async function compareHost(
  world: World,
  story: Story,
  api: Api,
  host: MonthHost,
  differ: Differ,
): Promise<HostRow> {
  const { name, repository: repositoryName, keep, times } = host.story;
  const say: Differ = (text) => differ(`${name}: ${text}`);
  const jobs = await backupsOf(api, host.id);
  const { onTime, gaps } = expected(host.story, story);
  const punctual = onTime.filter((fire) => isPunctual(fire, jobs, say));
  const caughtUp = gaps
    .filter(({ fires }) => fires.length > 0)
    .flatMap((gap) => caughtUpBy(gap, jobs, say));
  const others = jobs.filter(
    ({ id, due_at }) => !caughtUp.includes(id) && !isDue(due_at, onTime),
  );
  for (const { id, state, due_at } of others)
    say(`job ${id} (${state}, due ${due_at}) belongs to nothing`);
  const missed = await compareMissed(api, host, gaps, caughtUp, say);

  const repository = world.repositories.find(
    (one) => one.name === repositoryName,
  );
  if (repository === undefined) throw new Error(`no ${repositoryName}`);
  const kept = await snapshotsIn(repository.dir, name);
  const own = await keptByRestic(repository.twin, name, keep, times.zone);
  const made = await snapshotsIn(repository.twin, name);
  for (const id of own.filter((one) => !kept.includes(one)))
    say(`snapshot ${id} is gone, and restic's own forget keeps it`);
  for (const id of kept.filter((one) => !own.includes(one)))
    say(`snapshot ${id} is there, and restic's own forget removes it`);
  for (const { id, snapshot_id } of jobs)
    if (!made.includes(snapshot_id ?? ""))
      say(`job ${id} says snapshot ${snapshot_id}, which never was`);
  if (made.length !== jobs.length)
    say(`${made.length} snapshots of ${jobs.length} backups`);
  const listed = await listedOf(api, host.id);
  if (listed.toSorted().join() !== kept.toSorted().join())
    say(`the host page lists ${listed.length} snapshots of ${kept.length}`);
  return {
    name,
    zone: times.zone,
    expected: firesOf(host.story, story).length,
    onTime: punctual.length,
    latestMs: Math.max(0, ...jobs.map((job) => latenessOf(job, onTime))),
    caughtUp: caughtUp.length,
    missed,
    made: made.length,
    kept: kept.length,
    own: own.length,
  };
}

function isPunctual(fire: number, jobs: readonly Job[], say: Differ): boolean {
  const found = jobs.filter(({ due_at }) => isDue(due_at, [fire]));
  const [job, ...more] = found;
  if (job === undefined) {
    say(`nothing came of the fire of ${isoOf(fire)}`);
    return false;
  }
  if (more.length > 0) say(`the fire of ${isoOf(fire)} ran more than once`);
  const late = latenessOf(job, [fire]);
  if (job.state !== "succeeded")
    say(`the backup of ${isoOf(fire)} ${job.state}: ${job.error?.message}`);
  else if (late >= 0 && late <= punctualMs) return true;
  else say(`the backup of ${isoOf(fire)} began ${late} ms late`);
  return false;
}

/** How long after its fire a backup began that was on time. */
const latenessOf = (
  { due_at, started_at }: Job,
  onTime: readonly number[],
): number =>
  isDue(due_at, onTime)
    ? Date.parse(started_at ?? "") - Date.parse(due_at ?? "")
    : 0;

function caughtUpBy(
  { to, reason, fires }: Gap,
  jobs: readonly Job[],
  say: Differ,
): string[] {
  const since = (job: Job) => Date.parse(job.started_at ?? "") - to;
  const [earliest, latest] = catchUpMs;
  const found = jobs.filter(
    (job) =>
      isDue(job.due_at, fires) &&
      job.state === "succeeded" &&
      since(job) >= earliest &&
      since(job) <= latest,
  );
  if (found.length !== 1)
    say(
      `${fires.length} fires until ${isoOf(to)} (${reason}) were caught up ${found.length} times, not once`,
    );
  return found.map(({ id }) => id);
}

/** What the page says was missed, against what was. */
async function compareMissed(
  api: Api,
  host: MonthHost,
  gaps: readonly Gap[],
  caughtUp: readonly string[],
  say: Differ,
): Promise<Record<string, number>> {
  const { missed } = await scheduleOf(api, host.id);
  const told: Record<string, number> = {};
  const real: Record<string, number> = {};
  for (const { reason, count } of missed)
    told[reason] = (told[reason] ?? 0) + count;
  for (const { reason, fires } of gaps)
    if (fires.length > 0) real[reason] = (real[reason] ?? 0) + fires.length;
  if (textOf(told) !== textOf(real))
    say(`the page says missed: ${textOf(told)}; it was: ${textOf(real)}`);
  const madeUp = missed.flatMap(({ caught_up_by }) => caught_up_by);
  if (madeUp.toSorted().join() !== caughtUp.toSorted().join())
    say("the page names other catch-ups than there were");
  return told;
}

async function compareUpkeep(
  story: Story,
  api: Api,
  repository: { readonly id: string; readonly name: string },
  differ: Differ,
): Promise<UpkeepRow[]> {
  const rows: UpkeepRow[] = [];
  for (const kind of upkeepKinds) {
    const due = upkeepOf(story, kind);
    const jobs = await allJobs(
      api,
      `repository_id=${repository.id}&kind=${kind}`,
    );
    const done = due.filter((at) =>
      jobs.some(
        ({ state, queued_at }) =>
          state === "succeeded" &&
          Date.parse(queued_at) >= at &&
          Date.parse(queued_at) < at + 90_000,
      ),
    );
    for (const at of due.filter((one) => !done.includes(one)))
      differ(`${repository.name}: no ${kind} at ${isoOf(at)}`);
    if (jobs.length !== due.length)
      differ(
        `${repository.name}: ${jobs.length} jobs of ${kind} instead of ${due.length}`,
      );
    rows.push({
      repository: repository.name,
      kind,
      expected: due.length,
      done: done.length,
    });
  }
  return rows;
}

/** Only a host that its server cannot hear for days is a matter for people, and only until it is heard again. */
async function compareAlerts(
  world: World,
  story: Story,
  api: Api,
  differ: Differ,
): Promise<Record<string, number>> {
  const { alerts } = await api.get<{ alerts: Alert[] }>(
    "/api/alerts?limit=200",
  );
  const cutOff = world.hosts
    .filter(({ story: { cutOff: spans } }) => spans.length > 0)
    .map(({ story: { name } }) => name);
  const counts: Record<string, number> = {};
  for (const { kind, host_name, repository_name, state, message } of alerts) {
    const about = host_name ?? repository_name ?? "";
    const name = `${kind} of ${about}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const isExpected =
      ["agent_offline", "stale_schedule"].includes(kind) &&
      cutOff.includes(about);
    if (!isExpected) differ(`alert ${name}: ${message}`);
    if (state !== "resolved") differ(`alert ${name} is still ${state}`);
  }
  for (const name of cutOff)
    if (counts[`agent_offline of ${name}`] === undefined)
      differ(`${name}: no alert, though it was silent for days`);
  for (const { host, health } of world.slept)
    if (health !== "asleep") differ(`${host}: ${health} while it slept`);
  if (story.to > world.clock.now()) differ("the story is not over");
  return counts;
}

const isDue = (due: string | null, fires: readonly number[]): boolean =>
  fires.includes(Date.parse(due ?? ""));

const backupsOf = (api: Api, hostId: string): Promise<Job[]> =>
  allJobs(api, `host_id=${hostId}&kind=backup`);

async function allJobs(api: Api, filter: string): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: { jobs: Job[]; next_cursor: string | null } = await api.get(
      `/api/jobs?${filter}&limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`,
    );
    jobs.push(...page.jobs);
    cursor = page.next_cursor;
  }
  return jobs;
}

async function listedOf(api: Api, hostId: string): Promise<string[]> {
  const { snapshots } = await api.get<{ snapshots: Snapshot[] }>(
    `/api/hosts/${hostId}/snapshots?limit=200`,
  );
  return snapshots.filter(({ own }) => own).map(({ id }) => id);
}
