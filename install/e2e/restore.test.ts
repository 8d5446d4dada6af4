/** Files that come back: into a new folder, in place, and what stands in the way. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { online, resticProcesses } from "./rig/agent.ts";
import { bringBackByClicks } from "./rig/bring-back.ts";
import { launchBrowser, logInByBrowser, openTab } from "./rig/browser.ts";
import { jobEnds, jobIn, repositoryPassword, wholeLogOf } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { locksByHand, resticByHand } from "./rig/repository.ts";
import {
  askRestore,
  oddNames,
  restoreBody,
  restoreEnds,
  restoreStand,
  startRestore,
  treeOf,
  writeOddFiles,
} from "./rig/restores.ts";
import { adminPassword } from "./rig/server.ts";
import { smallDisk } from "./rig/small-disk.ts";
import type { Folder, RestoreCheck } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "a person who has lost a file logs in and clicks it back to where it was, within two minutes of its deletion [RTR-05]",
  inLab(async (lab) => {
    const { source, server, host } = await restoreStand(lab);
    const file = join(source, "notes", "note-1.txt");
    const before = treeOf(source);
    const { page, faults } = await openTab(lab, browser);

    rmSync(file);
    const deleted = performance.now();
    await logInByBrowser(page, server.url, "admin", adminPassword);
    await bringBackByClicks(page, host.name, file);
    expect(performance.now() - deleted).toBeLessThan(120_000);
    await page.getByText("Succeeded", { exact: true }).first().waitFor();
    expect(readFileSync(file, "utf8")).toStartWith("Note 1\n");
    const notes = Buffer.from("/notes").toString("hex");
    expect({ ...treeOf(source), [notes]: "" }).toEqual({
      ...before,
      [notes]: "",
    });
    expect(faults()).toEqual([]);
  }),
  limit,
);

test(
  "a folder of odd names comes back byte for byte with times and permissions; odd files chosen one by one bring nothing else along; a folder that is no folder is refused [RTR-03] [RTR-01]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab, { prepare: writeOddFiles });
    const { api, source, at, home } = stand;
    const odd = join(source, "odd");

    const listed = await api.get<Folder>(
      at(`tree?path=${encodeURIComponent(odd)}`),
    );
    const shown = listed.entries.map(({ n }) => n);
    expect(shown).toEqual(expect.arrayContaining(oddNames));
    expect(listed.total).toBe(readdirSync(odd, { encoding: "buffer" }).length);

    for (const [to, why] of [
      ["/srv/$PATH", "Only $HOME is filled in; write other folders out."],
      ["/srv/$(id)", "Only $HOME is filled in; write other folders out."],
      [
        "restored",
        "Use an absolute path, or one that begins with ~/ or $HOME.",
      ],
      ["", "Name a folder."],
    ] as const) {
      const refused = await askRestore(stand, { paths: [odd], to });
      expect([refused.status, refused.body.fields]).toEqual([
        400,
        { "target.path": expect.objectContaining({ message: why }) },
      ]);
    }
    const upwards = await askRestore(stand, {
      paths: [`${odd}/../notes`],
      to: "~/x",
    });
    expect([upwards.status, upwards.body.code]).toEqual([
      400,
      "invalid_request",
    ]);

    const all = await restoreEnds(stand, {
      paths: [odd],
      to: "$HOME/rm-restore/<job-id>",
    });
    expect([all.state, all.error]).toEqual(["succeeded", null]);
    const target = join(home, "rm-restore", all.id);
    expect(all.restore?.target).toBe(target);
    expect(treeOf(join(target, odd))).toEqual(treeOf(odd));

    const some = await restoreEnds(stand, {
      paths: oddNames.map((name) => `${odd}/${name}`),
      to: join(lab.dir, "some"),
      strip: odd,
    });
    expect([some.state, some.error]).toEqual(["succeeded", null]);
    expect(readdirSync(join(lab.dir, "some")).sort()).toEqual(
      oddNames.toSorted(),
    );
    expect(some.restore?.files_restored).toBe(oddNames.length);
  }),
  limit,
);

test(
  "a file comes back over what it has become only after the host's name is typed; what was not chosen stays as it is [RTR-04]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab);
    const { api, host, source, at } = stand;
    const [lost, changed, kept] = [
      "note-1.txt",
      "note-2.txt",
      "note-3.txt",
    ].map((name) => join(source, "notes", name)) as [string, string, string];
    const before = treeOf(source);
    const paths = [lost, changed];
    rmSync(lost);
    writeFileSync(changed, "overwritten by a virus");
    writeFileSync(kept, "edited since");

    const check = await api.post<RestoreCheck>(
      at("restore/check"),
      restoreBody(host, { paths }),
    );
    expect(check).toMatchObject({
      target: null,
      dry_run: { restored: 1, updated: 1, overwritten: [changed] },
      revocation: "own_access",
    });
    expect(existsSync(lost)).toBe(false);
    for (const confirm of [undefined, `${host.name}x`]) {
      const refused = await askRestore(stand, {
        paths,
        ...(confirm !== undefined && { confirm }),
      });
      expect([refused.status, refused.body.code]).toEqual([
        409,
        "name_mismatch",
      ]);
    }

    const job = await restoreEnds(stand, { paths, confirm: host.name });
    expect([job.state, job.restore?.files_restored]).toEqual(["succeeded", 2]);
    expect(readFileSync(kept, "utf8")).toBe("edited since");
    rmSync(kept);
    await restoreEnds(stand, { paths: [kept], confirm: host.name });
    const after = treeOf(source);
    const notes = Buffer.from("/notes").toString("hex");
    expect({ ...after, [notes]: "" }).toEqual({ ...before, [notes]: "" });
  }),
  limit,
);

test(
  "a restore shows how far it is and ends when it is cancelled; one whose agent is killed is lost, and the same again completes it [RTR-06] [AGT-13]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab, {
      megabytes: 24,
      env: { RM_OFFLINE_AFTER: "3s", RM_HEARTBEAT_INTERVAL: "1s" },
    });
    const { api, agent, host, source, gate, repository } = stand;
    const wish = { paths: [source], to: join(lab.dir, "back"), strip: source };
    const halfWay = async () => {
      gate.back.pace(1_000_000);
      const { id } = await startRestore(stand, wish);
      await waitFor("a file is there", async () => {
        const { progress } = await jobIn(api, id, ["running"]);
        return (progress?.bytes_done ?? 0) > 0 ? progress : null;
      });
      return id;
    };

    const cancelled = await halfWay();
    const { progress } = await jobIn(api, cancelled, ["running"]);
    expect(progress?.bytes_total).toBeGreaterThan(24_000_000);
    expect(progress?.current_files).not.toEqual([]);
    await api.ask("POST", `/api/jobs/${cancelled}/cancel`, {});
    const end = await jobEnds(api, cancelled, 45_000);
    expect([end.state, end.error?.code]).toEqual(["cancelled", "cancelled"]);
    expect(resticProcesses(lab)).toEqual([]);
    gate.back.pace(Infinity);
    expect(await locksByHand(repository, repositoryPassword)).toEqual([]);

    rmSync(wish.to, { recursive: true });
    const killed = await halfWay();
    await agent.program().kill();
    await waitFor(
      "restic ends with its agent",
      () => resticProcesses(lab).length === 0,
    );
    gate.back.pace(Infinity);
    agent.run();
    const lost = await jobEnds(api, killed);
    expect([lost.state, lost.error?.code]).toEqual(["lost", "agent_restarted"]);

    await online(api, host.id);
    const again = await restoreEnds(stand, wish);
    expect([again.state, again.error]).toEqual(["succeeded", null]);
    expect(treeOf(wish.to)).toEqual(treeOf(source));
  }),
  limit,
);

test(
  "a full disk, a snapshot that was forgotten meanwhile, another repository's snapshot and a folder with links in it: each ends in plain words and harms nothing [RTR-03]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab, { megabytes: 12 });
    const { api, host, source, at, repository, snapshotId } = stand;

    const small = smallDisk(lab, "small", "4m");
    const wish = { paths: [source], to: join(small, "back") };
    const check = await api.post<RestoreCheck>(
      at("restore/check"),
      restoreBody(host, wish),
    );
    expect(check.warnings.join(" ")).toMatch(/free, and the files take/);
    const full = await restoreEnds(stand, wish);
    expect([full.state, full.error?.code]).toEqual(["failed", "target_full"]);
    const overfull = await restoreEnds(stand, {
      paths: [source],
      // Something is there already, so only restic can tell that it does not fit.
      to: fileIn(join(small, "used")),
    });
    expect([overfull.state, overfull.error?.code]).toEqual([
      "failed",
      "target_full",
    ]);

    const victim = join(lab.dir, "victim");
    mkdirSync(victim);
    const trapped = fileIn(join(lab.dir, "trapped"));
    symlinkSync(victim, join(trapped, "notes"));
    const notes = await restoreEnds(stand, {
      paths: [join(source, "notes")],
      to: trapped,
      strip: source,
    });
    expect(readdirSync(victim)).toEqual([]);
    expect(notes.state).toBe("succeeded");
    expect(readFileSync(join(trapped, "mine"), "utf8")).toBe("mine");
    expect(statSync(join(trapped, "notes/note-1.txt")).isFile()).toBe(true);

    const stranger = "ab".repeat(32);
    const unknown = await api.ask(
      "POST",
      at("restore", stranger),
      restoreBody(host, { paths: [source], to: "~/x" }),
    );
    expect([unknown.status, unknown.body.code]).toEqual([
      404,
      "snapshot_not_found",
    ]);
    const nothing = await askRestore(stand, { paths: ["/no/such"], to: "~/x" });
    expect([nothing.status, nothing.body.code]).toEqual([
      404,
      "path_not_found",
    ]);

    const forgotten = await resticByHand(repository, repositoryPassword, [
      "forget",
      snapshotId,
      "--prune",
    ]);
    expect(forgotten.code).toBe(0);
    const late = await restoreEnds(stand, { paths: [source], to: "~/late" });
    expect([late.state, late.error?.code]).toEqual([
      "failed",
      "snapshot_missing",
    ]);
    expect((await wholeLogOf(api, late)).length).toBeGreaterThan(0);
    expect(treeOf(join(stand.home, "late"))).toEqual({});
  }),
  limit,
);

/** A folder with a file in it. */
function fileIn(dir: string): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "mine"), "mine");
  return dir;
}
