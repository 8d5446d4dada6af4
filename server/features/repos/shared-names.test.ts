import { beforeEach, describe, expect, test } from "bun:test";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import {
  allowForget,
  createTestUpkeep,
  refusalOf,
  secretOf,
  startsOf,
} from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";
import { createRetentionStates } from "./retention.ts";

let server: TestUpkeep;
let nas: TestEndpoint;
/** Another machine that calls itself as `nas` does. */
let twin: TestEndpoint;
let twinGroup: string;

beforeEach(async () => {
  server = await createTestUpkeep();
  ({ nas } = server);
  twin = await server.addHost(2, "twin");
});

async function join() {
  twinGroup = (await server.setUp(twin)).group_id;
  await server.db.updateTable("hosts").set({ hostname: "nas" }).execute();
}

const idOf = (number: number) => String(number).padStart(64, "0");

/** A host lists the repository, where all snapshots bear the same name. */
const list = (host: TestEndpoint, ...numbers: number[]) =>
  host.report("snap.part", {
    repository_id: server.repositoryId,
    rev: server.random.id(),
    part: 0,
    of: 1,
    snapshots: numbers.map((number) => ({
      id: idOf(number),
      time: "2026-01-01T00:00:00.000Z",
      hostname: "nas",
      username: "root",
      paths: ["/etc"],
      tags: ["default"],
      parent: null,
      size_bytes: 1,
      file_count: 1,
    })),
  });

/** A backup's list comes before its end does. */
async function backUp(host: TestEndpoint, number: number, listed: number[]) {
  await list(host, ...listed);
  await server.report(host, "job.done", server.newJob("backup"), {
    source_group_id: null,
    stats: { snapshot_id: idOf(number) },
  });
}

const rename = (groupId: string, name: string) =>
  server.call("PUT", `/api/sources/${groupId}`, { name, includes: ["/etc"] });
const remove = ({ hostId }: TestEndpoint) =>
  server.db.deleteFrom("hosts").where("id", "=", hostId).execute();

/** Which of the listed snapshots are shown as the host's own. */
async function own({ hostId }: TestEndpoint): Promise<number[]> {
  const path = `/api/hosts/${hostId}/snapshots`;
  const { snapshots } = (await server.call("GET", path)).body;
  return snapshots
    .filter((one: { own: boolean }) => one.own)
    .map((one: { id: string }) => Number(one.id))
    .toSorted();
}

/** What a forget is given to do; or that none of the groups may be tidied. */
async function forgets(): Promise<unknown> {
  nas.received.length = 0;
  const answer = await server.post("forget");
  if (answer.status !== 202) {
    expect(refusalOf(answer)).toEqual([409, "retention_empty"]);
    expect(answer.body.message).toContain("cannot tell");
    return "names clash";
  }
  const [start] = startsOf(nas);
  await server.report(nas, "job.done", answer.body);
  return secretOf(nas, start?.command).groups;
}

const tidied = [{ host: "nas", tag: "default", retention: { daily: 7 } }];
const page = async () => (await server.repository()).retention.reason;
/** What alerts are raised from. */
async function everywhere() {
  const states = createRetentionStates(() => false);
  const [state] = await states.of(server.db, null, server.clock.now());
  return state?.reason;
}

describe("forget leaves a group out while snapshots of another host bear its name", () => {
  beforeEach(() => allowForget(server));

  test("though that host's group has another name now, until they are gone [MNT-02]", async () => {
    await join();
    await backUp(nas, 1, [1]);
    await backUp(twin, 2, [1, 2]);
    await rename(twinGroup, "laptop");
    await list(nas, 1, 2);
    expect(await forgets()).toBe("names clash");
    expect([await page(), await everywhere()]).toEqual([
      "names_clash",
      "names_clash",
    ]);

    await list(nas, 1);
    expect(await forgets()).toEqual(tidied);
    expect([await page(), await everywhere()]).toEqual([null, null]);
  });

  test("though that host is no more [MNT-02]", async () => {
    await join();
    await backUp(nas, 1, [1]);
    await backUp(twin, 2, [1, 2]);
    await list(nas, 1, 2);
    await remove(twin);
    expect(await forgets()).toBe("names clash");
    await list(nas, 1, 2);
    expect(await forgets()).toBe("names clash");
    expect(await everywhere()).toBe("names_clash");

    await rename(server.groupId, "system");
    expect(await forgets()).toEqual([{ ...tidied[0], tag: "system" }]);
  });

  test("though nobody can say which of the two made them [MNT-02]", async () => {
    await join();
    await list(nas, 1, 2);
    await rename(twinGroup, "laptop");
    await list(nas, 1, 2);
    expect(await forgets()).toBe("names clash");
  });

  test("though the repository was not listed since, and the names never were the same at once [MNT-02]", async () => {
    await list(nas, 1);
    await rename(server.groupId, "system");
    await join();
    await server.keep({ daily: 7 }, twinGroup);
    expect(await forgets()).toEqual([{ ...tidied[0], tag: "system" }]);
    expect(await page()).toBe("names_clash");
  });
});

test("a host that is installed anew, after its former self was removed, goes on with its snapshots", async () => {
  await join();
  await rename(twinGroup, "other");
  await backUp(nas, 1, [1]);
  await remove(nas);
  await rename(twinGroup, "default");
  await list(twin, 1);
  expect(await own(twin)).toEqual([1]);
});

describe("another host's word", () => {
  const own1 = async () => [await own(nas), await own(twin)];

  test("makes no snapshot its own that bears a name which is not its own", async () => {
    twinGroup = (await server.setUp(twin)).group_id;
    await list(nas, 1);
    await server.report(twin, "job.done", server.newJob("backup"), {
      source_group_id: null,
      stats: { snapshot_id: idOf(1) },
    });
    await list(nas, 1);
    expect(await own1()).toEqual([[1], []]);
  });

  test("takes no snapshot from its maker, though its name is the same by now", async () => {
    await list(nas, 1);
    await join();
    await backUp(twin, 1, [1]);
    await list(nas, 1);
    await list(nas, 1);
    expect(await own1()).toEqual([[1], []]);
  });
});

test("a host that has not opened the repository yet has no part in its snapshots", async () => {
  await join();
  await server.db
    .updateTable("host_repositories")
    .where("host_id", "=", twin.hostId)
    .set({ first_use: "existing" })
    .execute();
  await list(nas, 1);
  expect(await own(nas)).toEqual([1]);
});

describe("a snapshot that two hosts of one name may have made", () => {
  test("is shown as the one's whose backup says so, and as nobody's before", async () => {
    await join();
    await backUp(twin, 1, [1]);
    await backUp(nas, 2, [1, 2]);
    expect([await own(nas), await own(twin)]).toEqual([[], [1]]);
    await list(twin, 1, 2, 3);
    expect([await own(nas), await own(twin)]).toEqual([[2], [1]]);
  });

  test("is nobody's when both say so", async () => {
    await join();
    await backUp(nas, 1, [1]);
    await backUp(twin, 1, [1]);
    await list(nas, 1);
    expect([await own(nas), await own(twin)]).toEqual([[], []]);
  });
});
