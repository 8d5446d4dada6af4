import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "../e2e/rig/api.ts";
import type { Host, Job } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { say } from "../lib/step.ts";
import { day } from "./calendar.ts";
import type { MonthHost } from "./host.ts";
import { expected, type Moment, moments, type Story } from "./story.ts";
import type { World } from "./world.ts";

/** The clock is moved to so long before a backup; the rest passes as it does for everybody. */
const aheadMs = 1000;
/** The server looks for due upkeep once a minute, and right after a leap. */
const afterMs = 1000;
/** What an agent waits after a start or a wake before it catches up. */
const settleMs = 60_000;
/** A moment of which nothing comes is found out by the comparison; it must not hold up the month. */
const patienceMs = 45_000;

/** Lives through a story: every moment is waited for, and what it should bring. */
export async function live(world: World, story: Story): Promise<void> {
  const all = moments(story);
  for (const [index, moment] of all.entries()) {
    await pass(world, story, moment);
    for (const repository of world.repositories) repository.everSeen();
    const { host, what, at } = moment;
    const detail = moment.what === "upkeep" ? ` ${moment.kind}` : "";
    say(`${index + 1}/${all.length} ${isoOf(at)} ${host}: ${what}${detail}`);
  }
  world.clock.moveTo(story.to);
}

async function pass(world: World, story: Story, moment: Moment): Promise<void> {
  const { clock, hosts } = world;
  const host = hosts.find(({ story: { name } }) => name === moment.host);
  if (host === undefined) throw new Error(`no host ${moment.host}`);
  clock.moveTo(moment.at + shiftOf(moment));
  switch (moment.what) {
    case "backup":
      return backUp(world, host, moment.at);
    case "upkeep":
      return upkeep(world, moment);
    case "sleep":
      return host.sleep();
    case "wake":
      await lookAtSleeper(world, host, moment.at);
      host.wake();
      return catchUp(world, story, host, moment.at);
    case "shut-down":
      return host.shutDown();
    case "boot":
      await host.boot();
      return catchUp(world, story, host, moment.at);
    case "cut":
      return host.cut();
    case "heal":
      await host.heal();
      return report(world, story, host, moment.at);
  }
}

const shiftOf = ({ what }: Moment): number =>
  what === "backup" ? -aheadMs : what === "upkeep" ? afterMs : 0;

async function backUp(
  world: World,
  host: MonthHost,
  at: number,
): Promise<void> {
  host.change();
  const isCut = host.story.cutOff.some(({ from, to }) => from < at && at < to);
  const isMade = isCut ? madeAlone(world, host) : hasEnded(world, host, at);
  await patiently(`backup of ${host.story.name}`, isMade);
}

/** With the server out of reach only the repository can be asked: there is one more snapshot, and restic has ended. */
function madeAlone(world: World, host: MonthHost): () => boolean {
  const repository = world.repositories.find(
    ({ name }) => name === host.story.repository,
  );
  const dir = join(repository?.dir ?? "", "snapshots");
  const before = readdirSync(dir).length;
  return () =>
    readdirSync(dir).length > before && host.agent.restic() === undefined;
}

function hasEnded(
  { api }: World,
  host: MonthHost,
  at: number,
): () => Promise<boolean> {
  return async () => {
    const jobs = await backupsOf(await api(), host.id);
    return jobs.some(
      ({ due_at, finished_at }) =>
        finished_at !== null && Date.parse(due_at ?? "") === at,
    );
  };
}

async function upkeep(
  { api, repositories }: World,
  { at, ...moment }: Moment,
): Promise<void> {
  if (moment.what !== "upkeep") return;
  for (const { id, name } of repositories)
    await patiently(`${moment.kind} of ${name}`, async () => {
      const { jobs } = await (
        await api()
      ).get<{ jobs: Job[] }>(
        `/api/jobs?repository_id=${id}&kind=${moment.kind}&limit=1`,
      );
      const [last] = jobs;
      return (
        last?.finished_at !== null && Date.parse(last?.queued_at ?? "") >= at
      );
    });
}

/** A host that has slept for more than a day is asleep to people too, not offline. */
async function lookAtSleeper(
  { api, slept }: World,
  { id, story: { asleep, name } }: MonthHost,
  at: number,
): Promise<void> {
  const span = asleep.find(({ to }) => to === at);
  if (at - (span?.from ?? at) < day) return;
  const { health } = await (await api()).get<Host>(`/api/hosts/${id}`);
  slept.push({ host: name, health });
}

/** A host that is there again notices it, and backs up once what it missed. */
async function catchUp(
  world: World,
  story: Story,
  host: MonthHost,
  at: number,
): Promise<void> {
  await isThere(world, host, at);
  const gap = expected(host.story, story).gaps.find(({ to }) => to === at);
  const due = gap?.fires[0];
  if (due === undefined) return;
  world.clock.moveTo(at + settleMs - 5 * aheadMs);
  await patiently(`${host.story.name} catches up`, async () => {
    const jobs = await backupsOf(await world.api(), host.id);
    return jobs.some(
      ({ started_at, finished_at }) =>
        finished_at !== null && Date.parse(started_at ?? "") >= at,
    );
  });
}

/** What it did alone arrives. */
async function report(
  world: World,
  story: Story,
  host: MonthHost,
  at: number,
): Promise<void> {
  // It may wait so long before it tries the server again.
  world.clock.moveTo(world.clock.now() + 2 * settleMs);
  await isThere(world, host, at);
  const fires = expected(host.story, story).onTime.filter((fire) => fire < at);
  await patiently(`${host.story.name} reports`, async () => {
    const jobs = await backupsOf(await world.api(), host.id);
    const known = new Set(jobs.map(({ due_at }) => Date.parse(due_at ?? "")));
    return fires.slice(-20).every((fire) => known.has(fire));
  });
}

/** Heard twice: the first sign of life is its greeting, and a leap before the answer would teach it a wrong time. */
async function isThere(
  { api }: World,
  host: MonthHost,
  at: number,
): Promise<void> {
  let first = Infinity;
  await patiently(`${host.story.name} is there`, async () => {
    const { online, last_seen_at } = await (
      await api()
    ).get<Host>(`/api/hosts/${host.id}`);
    const seen = Date.parse(last_seen_at ?? "");
    if (!online || !(seen >= at)) return false;
    first = Math.min(first, seen);
    return seen > first;
  });
}

async function backupsOf(api: Api, hostId: string): Promise<Job[]> {
  const path = `/api/jobs?host_id=${hostId}&kind=backup&limit=30`;
  return (await api.get<{ jobs: Job[] }>(path)).jobs;
}

async function patiently(
  what: string,
  ask: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  const isOver = () => performance.now() > deadline;
  let isMade = false;
  await waitFor(
    what,
    async () => {
      try {
        isMade = await ask();
      } catch (error) {
        // A leap may end the session between two questions; the next one begins another.
        if (!String(error).includes(": 401 ")) throw error;
      }
      return isMade || isOver();
    },
    2 * patienceMs,
  );
  if (!isMade) say(`nothing came of it: ${what}`);
}

export const isoOf = (at: number): string => new Date(at).toISOString();
