import { beforeEach, describe, expect, test } from "bun:test";
import type { RestoreBody } from "@restic-manager/shared/api/restores.ts";
import { refused } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import { createTestRestores, toldTo } from "../../testing/test-restores.ts";
import type { TestRestores } from "../../testing/test-restores.ts";
import { snapshotOf } from "../../testing/test-trees.ts";
import { refusalOf } from "../../testing/test-upkeep.ts";

let server: TestRestores;
let nas: TestEndpoint;

beforeEach(async () => {
  server = await createTestRestores();
  ({ nas } = server);
});

const fieldsOf = ({ body }: { body: { fields?: object } }) =>
  Object.keys(body.fields ?? {});

describe("a restore on the host itself", () => {
  test("is a job at once, with what was asked for, and its agent gets what it needs sealed [RTR-03]", async () => {
    const { status, body } = await server.restore({
      paths: ["/etc/hosts", "/home"],
      strip: "/",
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      kind: "restore",
      state: "sent",
      host_name: "nas",
      stats: null,
      upkeep: null,
      restore: null,
      restore_request: {
        repository_id: server.repositoryId,
        snapshot_id: snapshotOf(1),
        paths: ["/etc/hosts", "/home"],
        target: { mode: "new_directory", path: "/srv/back" },
        overwrite: "if-changed",
        strip: null,
        from_host_id: null,
      },
    });
    expect(toldTo(nas, "job.start")).toEqual([
      {
        url: "rest:http://nas:8000/backup",
        credential: expect.objectContaining({ password: "correct horse" }),
        snapshot_id: snapshotOf(1),
        paths: ["/etc/hosts", "/home"],
        target: { mode: "new_directory", path: "/srv/back" },
        overwrite: "if-changed",
        strip: null,
        total_bytes: 20,
      },
    ]);
  });

  test("ends with counts, and with a sentence where owners could not be set [RTR-06]", async () => {
    const { body: job } = await server.restore();
    await server.end(nas, job, {
      outcome: "succeeded_with_issues",
      error: { code: "restore_incomplete", message: "3 owners were not set." },
    });
    expect(await server.job(job.id)).toMatchObject({
      state: "succeeded_with_issues",
      restore: { files_restored: 2, bytes_restored: 320 },
      error: { code: "restore_incomplete", message: "3 owners were not set." },
    });
  });

  test("can be cancelled [RTR-06]", async () => {
    const { body: job } = await server.restore();
    const path = `/api/jobs/${job.id}/cancel`;
    expect((await server.call("POST", path, {})).status).toBe(202);
    expect(nas.received.at(-1)?.verb).toBe("job.cancel");
  });

  test("is in the audit log, with what and where to [RTR-03]", async () => {
    await server.restore({ paths: ["/etc/passwd"] });
    const row = await server.db
      .selectFrom("audit_log")
      .selectAll()
      .where("action", "=", "host.restore")
      .executeTakeFirstOrThrow();
    expect(row.target_id).toBe(nas.hostId);
    expect(JSON.parse(row.payload)).toMatchObject({
      snapshot_id: snapshotOf(1),
      paths: ["/etc/passwd"],
      target: "/srv/back",
      revocation: "own_access",
    });
    expect(row.payload).not.toContain("correct horse");
  });

  test("the secrets of the repository are not stored with the job", async () => {
    await server.restore();
    const rows = await server.db.selectFrom("jobs").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain("correct horse");
  });

  test("names every path once, without what lies in a chosen folder", async () => {
    await server.restore({
      paths: ["/etc/", "/etc/hosts", "/home/ada/plan", "/home/ada/plan"],
      strip: "/home/",
    });
    expect(toldTo(nas, "job.start")).toEqual([]);
    const { body } = await server.restore({
      paths: ["/home/ada/plan", "/home/ada/plan", "/home/ada"],
      strip: "/home/",
    });
    expect(body.restore_request).toMatchObject({
      paths: ["/home/ada"],
      strip: "/home",
    });
  });

  test("a snapshot that nobody has indexed can be restored too, its size unknown", async () => {
    await server.list(nas, [1, 2]);
    const path = `${server.base}/snapshots/${snapshotOf(2)}`;
    const { status } = await server.restore({ paths: ["/srv/x"] }, path);
    expect(status).toBe(202);
    expect(toldTo(nas, "job.start")[0].total_bytes).toBeNull();
  });

  test("in a list of jobs the first twenty paths stand for them all", async () => {
    await server.list(nas, [1, 2]);
    const paths = Array.from({ length: 30 }, (_, i) => `/srv/${i}`);
    const { body: job } = await server.restore({ paths }, server.at(2));
    expect(job.restore_request.paths).toHaveLength(30);
    const { jobs } = (await server.call("GET", "/api/jobs?kind=restore")).body;
    expect(jobs).toHaveLength(1);
    expect(jobs[0].restore_request.paths).toEqual(paths.slice(0, 20));
  });

  test("a job whose host forgets it is lost, as every other", async () => {
    const { body: job } = await server.restore();
    await server.clock.advance(120_000);
    await server.reconcile({
      host: nas.hostId,
      running_jobs: [],
      outbox_depth: 0,
    });
    expect((await server.job(job.id)).state).toBe("lost");
  });
});

describe("in place", () => {
  const inPlace = { target: { mode: "in_place" } } as const;

  test("needs the typed name of the host [RTR-04]", async () => {
    for (const confirm of [undefined, "", "NAS", "nas "]) {
      const answer = await server.restore({
        ...inPlace,
        ...(confirm !== undefined && { confirm }),
      });
      expect([confirm, ...refusalOf(answer)]).toEqual([
        confirm,
        409,
        "name_mismatch",
      ]);
    }
    expect(toldTo(nas, "job.start")).toEqual([]);
    const { status } = await server.restore({ ...inPlace, confirm: "nas" });
    expect(status).toBe(202);
    expect(toldTo(nas, "job.start")[0].target).toEqual({ mode: "in_place" });
  });

  test("everything goes to its own folder: none can be left out [RTR-04]", async () => {
    const answer = await server.restore({
      ...inPlace,
      confirm: "nas",
      strip: "/etc",
    });
    expect([answer.status, ...fieldsOf(answer)]).toEqual([400, "strip"]);
  });

  test("is refused on Windows, with the way around", async () => {
    await server.db.updateTable("hosts").set({ os: "windows" }).execute();
    const answer = await server.restore({ ...inPlace, confirm: "nas" });
    expect(refusalOf(answer)).toEqual([409, "restore_refused"]);
    expect(answer.body.message).toContain("into a new folder");
  });
});

describe("what cannot be is refused before anything is sent", () => {
  const refusals: [string, Partial<RestoreBody>, string][] = [
    ["nothing chosen", { paths: [] }, "paths"],
    ["a path that is not absolute", { paths: ["etc"] }, "paths.0"],
    ["a path that climbs out", { paths: ["/etc/../root"] }, "paths.0"],
    ["a NUL in a path", { paths: ["/etc/\0x"] }, "paths.0"],
    [
      "more than five hundred",
      { paths: Array.from({ length: 501 }, (_, i) => `/${i}`) },
      "paths",
    ],
    [
      "names too long for one message",
      {
        paths: Array.from(
          { length: 200 },
          (_, i) => `/${i}${"n".repeat(4000)}`,
        ),
      },
      "paths",
    ],
    [
      "a variable in the target",
      { target: { mode: "new_directory", path: "/srv/$PATH/x" } },
      "target.path",
    ],
    [
      "a relative target",
      { target: { mode: "new_directory", path: "back" } },
      "target.path",
    ],
    [
      "a drive on a host without",
      { target: { mode: "new_directory", path: "C:\\back" } },
      "target.path",
    ],
    [
      "a new folder that is where the files came from",
      { target: { mode: "new_directory", path: "/srv/.." } },
      "target.path",
    ],
    [
      "the same with folders left out",
      {
        paths: ["/home/ada"],
        strip: "/home",
        target: { mode: "new_directory", path: "/home/" },
      },
      "target.path",
    ],
    [
      "a folder to leave out in which not everything is",
      { paths: ["/etc/hosts", "/home/ada"], strip: "/etc" },
      "strip",
    ],
  ];
  test.each(refusals)("%s [RTR-02]", async (_name, over, field) => {
    const answer = await server.restore(over);
    expect([answer.status, ...fieldsOf(answer)]).toEqual([400, field]);
    expect(nas.received).toEqual([]);
    expect(await server.jobs()).toEqual([]);
  });

  test("names may hold anything else: newline, quotes, emoji, a leading dash, 4,000 characters [RTR-03]", async () => {
    await server.list(nas, [1, 2]);
    const path = `${server.base}/snapshots/${snapshotOf(2)}`;
    const paths = [
      "/a\nb",
      `/"it's"`,
      "/-rf",
      "/🗂️/*?[x]",
      "/caf\uFFFD",
      "/..hidden/...",
      `/${"n".repeat(4000)}`,
    ];
    const { status, body } = await server.restore({ paths }, path);
    expect(status).toBe(202);
    expect(toldTo(nas, "job.start")[0].paths).toEqual(paths);
    expect(body.restore_request.paths).toEqual(paths);
  });

  test("a path that the snapshot does not hold is named [RTR-03]", async () => {
    const answer = await server.restore({
      paths: ["/etc/hosts", "/etc/nothing"],
    });
    expect(refusalOf(answer)).toEqual([404, "path_not_found"]);
    expect(answer.body.message).toContain("/etc/nothing");
    expect(await server.jobs()).toEqual([]);
  });

  test("a snapshot that was forgotten meanwhile, and one of another repository [RTR-03]", async () => {
    const other = await server.addHost(2, "other");
    const saved = await server.setUp(other, {
      repository: {
        url: "rest:http://elsewhere:8000/own",
        mode: "existing",
        credential: { password: "x", env: {} },
      },
    });
    const elsewhere = `/api/repositories/${saved.repository.id}`;
    for (const path of [
      `${server.base}/snapshots/${snapshotOf(3)}`,
      `${elsewhere}/snapshots/${snapshotOf(1)}`,
    ])
      expect(refusalOf(await server.restore({}, path))).toEqual([
        404,
        "snapshot_not_found",
      ]);
    await server.list(nas, []);
    expect(refusalOf(await server.restore())).toEqual([
      404,
      "snapshot_not_found",
    ]);
  });

  test("unknown repositories and hosts, and a host that is away, which leaves nothing behind", async () => {
    const nowhere = `/api/repositories/01ARZ3NDEKTSV4RRFFQ69G5FAV/snapshots/${snapshotOf(1)}`;
    expect(refusalOf(await server.restore({}, nowhere))).toEqual([
      404,
      "repository_not_found",
    ]);
    const host_id = "h0000000000000099";
    expect(refusalOf(await server.restore({ host_id }))).toEqual([
      404,
      "host_not_found",
    ]);
    nas.disconnect({ stillSeen: true });
    expect(refusalOf(await server.restore())).toEqual([503, "host_offline"]);
    nas.disconnect();
    expect(refusalOf(await server.restore())).toEqual([503, "host_offline"]);
    expect(await server.jobs()).toEqual([]);
    expect((await server.actions()).slice(-2)).toEqual([
      "host.restore",
      "job.withdraw",
    ]);
  });

  test("what the agent refuses has failed, with the agent's reason", async () => {
    nas.onCommand("job.start", () =>
      refused("target_refused", "The folder belongs to the agent itself."),
    );
    const { body } = await server.restore();
    expect(body).toMatchObject({
      state: "failed",
      error: { code: "target_refused" },
    });
  });
});
