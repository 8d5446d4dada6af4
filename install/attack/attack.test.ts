import { expect, test } from "bun:test";
import { jobEnds, runNow, snapshotsOf } from "../e2e/rig/jobs.ts";
import { inLab } from "../e2e/rig/lab.ts";
import type { Job } from "../e2e/rig/types.ts";
import type { Attack, Front } from "./attack.ts";
import { type Field, openField } from "./field.ts";
import { strands } from "./fronts.ts";

test(
  "everything that a thief of an agent's key, a stranger and a foreign page can try is refused [SEC-05] [TRN-07]",
  inLab(async (lab) => {
    const field = await openField(lab);
    const before = await stateOf(field);
    const strandsOfRows = await Promise.all(
      strands.map((strand) => runStrand(strand, field)),
    );
    const results = strandsOfRows.flat();
    print(results);
    expect(
      results.flatMap(({ rows }) => rows.filter(([, came]) => came !== "")),
    ).toEqual([]);

    expect(await stateOf(field)).toEqual(before);
    await stillWorks(field);
    await isAudited(field);
  }),
  120_000,
);

interface Result {
  readonly title: string;
  readonly rows: readonly [Attack, string][];
}

async function runStrand(
  strand: readonly Front[],
  field: Field,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const { title, attacks } of strand) {
    const rows: [Attack, string][] = [];
    for (const attack of attacks)
      rows.push([attack, await attempt(attack, field)]);
    results.push({ title, rows });
  }
  return results;
}

/** Empty when it was refused; otherwise what came instead. */
async function attempt(attack: Attack, field: Field): Promise<string> {
  try {
    await attack.run(field);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function print(results: readonly Result[]): void {
  const lines = results.flatMap(({ title, rows }) => [
    `\n${title}`,
    ...rows.map(([{ tries, refused }, came]) =>
      came === ""
        ? `  refused   ${tries}: ${refused}`
        : `  SUCCEEDED ${tries}: ${came}`,
    ),
  ]);
  const all = results.flatMap(({ rows }) => rows);
  const through = all.filter(([, came]) => came !== "").length;
  process.stdout.write(
    `${lines.join("\n")}\n\nattempts=${all.length} refused=${all.length - through} succeeded=${through}\n`,
  );
}

/** What no attack may change. */
async function stateOf({ api, victim }: Field) {
  const { id } = victim.host;
  const { jobs } = await api.get<{ jobs: Job[] }>("/api/jobs?limit=200");
  return {
    jobs,
    log: await api.get(`/api/jobs/${victim.job.id}/log?limit=1000`),
    snapshots: await snapshotsOf(api, victim.host),
    repository: await api.get(`/api/repositories/${victim.done.repository.id}`),
    schedules: await api.get(`/api/hosts/${id}/schedules`),
    sources: await api.get(`/api/hosts/${id}/sources`),
  };
}

/** Nobody was harmed: the victim backs up, and the server knows of it. */
async function stillWorks({ api, victim, server }: Field): Promise<void> {
  const job = await jobEnds(
    api,
    (await runNow(api, victim.host, victim.done.group_id)).id,
  );
  expect(job.state).toBe("succeeded");
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const faults = server
    .program()
    .text()
    .split("\n")
    .filter((line) =>
      /"level":"error"|"status":5(?!03)|^\s+at |^\w*Error:/.test(line),
    );
  expect(faults).toEqual([]);
}

/** A person can see whose key was used to break rules, and nobody else is accused. */
async function isAudited({ api, thief }: Field): Promise<void> {
  const { entries } = await api.get<{
    entries: { actor_id: string; payload: { subjects: string[] } }[];
  }>("/api/audit?action=host.violation");
  expect(entries.length).toBeGreaterThan(0);
  for (const { actor_id, payload } of entries) {
    expect(actor_id).toBe(thief.host.id);
    expect(payload.subjects.join("")).not.toMatch(/\p{C}/u);
  }
}
