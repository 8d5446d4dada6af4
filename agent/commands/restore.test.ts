import {
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { brokenOff } from "@restic-manager/shared/domain/restore-words.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import type { OutputStream } from "../platform/output.ts";
import type { ResticEnd } from "../restic/exit-codes.ts";
import { parseMessage } from "../restic/messages.ts";
import type { ResticCall, ResticRunner } from "../restic/run.ts";
import { realRestic } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { upkeepDeps } from "../testing/upkeep-deps.ts";
import { runRestore } from "./restore.ts";

const tempDir = createTempDirs();
const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const inPlace = { mode: "in_place" } as const;

/** A restore on its way, and what people see of it. */
function restoring(
  dir: string,
  run: ResticRunner["run"],
  wanted: Partial<RestoreSecret>,
) {
  const phases: JobProgress["phase"][] = [];
  let done: JobDone | null = null;
  const clock = createManualClock();
  const ended = runRestore(
    {
      ...upkeepDeps(dir, run),
      clock,
      limits: { stallMs: 60_000, limitMs: 60_000 },
      tmpDir: join(dir, "tmp"),
      live: (_id, { phase }) => void phases.push(phase),
      restoreHost: { home: dir, platform: "linux" },
      restic: async () => ({ version: "0.19.1" }),
      ended: (end) => void (done = end),
    },
    { job_id: id, actor: "user", kind: "restore", repository_id: id },
    {
      url: join(dir, "repo"),
      credential: { password: "correct horse battery", env: {} },
      snapshot_id: "a".repeat(64),
      paths: ["/srv"],
      target: { mode: "new_directory", path: join(dir, "restored") },
      overwrite: "if-changed",
      strip: null,
      total_bytes: null,
      ...wanted,
    },
    new AbortController().signal,
  );
  return {
    phases,
    clock,
    async done(): Promise<JobDone> {
      await ended;
      if (done === null) throw new Error("no end was reported");
      return done;
    },
  };
}

type Say = (stream: OutputStream, line: string) => void;

/** A restic that does as told when it is to restore, and otherwise finds nothing. */
function resticThat(
  restore: (call: ResticCall, say: Say) => Partial<ResticEnd>,
): ResticRunner["run"] {
  return async (call) => ({
    exit: { code: 0, signal: null, startError: null },
    stopped: null,
    meaning: null,
    words: "",
    ...(call.args[0] === "restore" &&
      restore(call, (stream, line) =>
        call.onMessage?.(parseMessage(line), stream, line),
      )),
  });
}

const stop = (reason: "cancelled" | "time_limit"): Partial<ResticEnd> => ({
  exit: { code: 130, signal: null, startError: null },
  stopped: reason,
});
const written =
  '{"message_type":"status","total_files":2,"total_bytes":9,"bytes_restored":5}';
const summary = '{"message_type":"summary","total_files":2,"bytes_restored":9}';
const lockRefused =
  "Save(<lock/5bb60bea45>) returned error, retrying after 552ms: open /r/locks/5b: no space left on device";

test.each(["never", "if-newer"] as const)(
  "by a rule that keeps files (%s), what is half written is not taken for restored when the lock cannot be made anew [RTR-05]",
  async (overwrite) => {
    const runs: string[] = [];
    const { done } = restoring(
      tempDir(),
      resticThat((call, say) => {
        runs.push(call.args.join(" "));
        say("stdout", written);
        say("stderr", lockRefused);
        return call.signal?.aborted === true
          ? { ...stop("cancelled"), stopped: "refused" }
          : {
              exit: { code: 130, signal: null, startError: null },
              words: "Fatal: failed to refresh lock in time",
            };
      }),
      { overwrite },
    );
    expect(await done()).toMatchObject({
      outcome: "failed",
      error: { message: expect.stringContaining(brokenOff) },
    });
    expect(runs).toHaveLength(1);
  },
);

test.each([
  ["always", true],
  ["if-changed", true],
  ["never", false],
] as const)(
  "a restore that is refused a lock goes on without one, and writes what is half written anew [RTR-05]: %s, begun %p",
  async (overwrite, hasBegun) => {
    const runs: string[] = [];
    const { done } = restoring(
      tempDir(),
      resticThat((call, say) => {
        runs.push(call.args.join(" "));
        if (!call.args.includes("--no-lock")) {
          if (hasBegun) say("stdout", written);
          say("stderr", lockRefused);
          expect(call.signal?.aborted).toBe(true);
          return { ...stop("cancelled"), stopped: "refused" };
        }
        say("stdout", summary);
        return {};
      }),
      { overwrite, paths: ["/"] },
    );
    expect((await done()).outcome).toBe("succeeded");
    expect(runs).toHaveLength(2);
  },
);

test.each([
  ["cancelled", "cancelled"],
  ["time_limit", "failed"],
] as const)(
  "a look that is ended (%s) before anything is written says of no file that it may be incomplete [RTR-04]",
  async (reason, outcome) => {
    const dir = tempDir();
    const { done } = restoring(
      dir,
      resticThat(({ args }) => {
        expect(args).toContain("--dry-run");
        return stop(reason);
      }),
      { target: inPlace, paths: [join(dir, "a")], overwrite: "never" },
    );
    const { error, ...ended } = await done();
    expect(ended.outcome).toBe(outcome);
    expect(error?.code).toBe(reason);
    expect(error?.message).toEndWith(" Nothing was restored.");
    expect(error?.message).not.toContain(brokenOff);
  },
);

test("a look that waits for a lock shows it [RTR-04]", async () => {
  const dir = tempDir();
  let looks = 0;
  const { done, phases, clock } = restoring(
    dir,
    resticThat(({ args }, say) => {
      if (!args.includes("--dry-run")) {
        say("stdout", summary);
        return {};
      }
      if (++looks === 1)
        return { exit: { code: 11, signal: null, startError: null } };
      say("stdout", written);
      expect(phases).toEqual(["locked", "restoring"]);
      return {};
    }),
    { target: inPlace, paths: ["/"], overwrite: "never" },
  );
  const ended = done();
  for (let n = 0; looks < 2 && n < 100; n++) await clock.advance(15_000);
  expect((await ended).outcome).toBe("succeeded");
  expect(looks).toBe(2);
});

test("where no folder can be made for what was chosen, nobody is told that the snapshot does not hold it [RTR-03]", async () => {
  const { done } = restoring(
    tempDir(),
    resticThat((_call, say) => {
      say(
        "stderr",
        '{"message_type":"error","error":{"message":"mkdir /t/srv: permission denied"},"during":"restore","item":"/srv/a"}',
      );
      say("stdout", '{"message_type":"summary"}');
      return {
        exit: { code: 1, signal: null, startError: null },
        words: "Fatal: There were 1 errors",
      };
    }),
    {},
  );
  const { outcome, error } = await done();
  expect(outcome).toBe("failed");
  expect(error?.code).toBe("restore_incomplete");
  expect(error?.message).not.toContain("does not hold");
});

test("where all of it is there already, an error with a timestamp does not make it fail [RTR-03] [RTR-06]", async () => {
  const dir = tempDir();
  const paths = ["a", "b"].map((name) => join(dir, name));
  for (const path of paths) writeFileSync(path, "the same");
  const { done } = restoring(
    dir,
    resticThat((_call, say) => {
      say(
        "stderr",
        `{"message_type":"error","error":{"message":"failed to restore timestamp of \\"${paths[0]}\\": operation not permitted"},"during":"restore","item":"/a"}`,
      );
      say("stdout", '{"message_type":"summary","files_skipped":2}');
      return {
        exit: { code: 1, signal: null, startError: null },
        words: "Fatal: There were 1 errors",
      };
    }),
    { target: inPlace, paths },
  );
  const { outcome, error } = await done();
  expect(outcome).toBe("succeeded_with_issues");
  expect(error?.code).toBe("restore_incomplete");
  expect(error?.message).not.toContain("No file was restored.");
});

/** A file that was backed up, and a repository that still has all of it. */
async function backedUp(dir: string) {
  const restic = realRestic(dir);
  const file = join(dir, "source", "photo.jpg");
  mkdirSync(join(dir, "source"));
  writeFileSync(file, crypto.getRandomValues(new Uint8Array(300_000)));
  await restic.byHand("init");
  expect((await restic.byHand("backup", file)).code).toBe(0);
  const { output } = await restic.byHand("snapshots", "--json");
  const [snapshot] = JSON.parse(output) as { id: string }[];
  return { ...restic, file, snapshot_id: snapshot?.id ?? "" };
}

function removeData(dir: string): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" }))
    if (statSync(join(dir, name), { throwIfNoEntry: false })?.isFile())
      if (statSync(join(dir, name)).size > 300_000) rmSync(join(dir, name));
}

test.each([
  [
    "is gone from the repository",
    (file: string, data: string) => {
      rmSync(file);
      removeData(data);
    },
  ],
  [
    "cannot be written where it goes",
    (file: string) => {
      rmSync(file);
      mkdirSync(join(file, "a folder now"), { recursive: true });
    },
  ],
])(
  "a restore of one file that %s fails, and counts none [RTR-03] [RTR-04]",
  async (_why, spoil) => {
    const dir = tempDir();
    const { runner, file, snapshot_id } = await backedUp(dir);
    spoil(file, join(dir, "repo", "data"));
    const { done } = restoring(dir, runner.run, {
      snapshot_id,
      target: inPlace,
      paths: [file],
    });
    const { outcome, error, restore } = await done();
    expect(outcome).toBe("failed");
    expect(error?.code).toBe("restore_incomplete");
    expect(error?.message).toContain("No file was restored.");
    expect(error?.message).not.toContain("does not hold");
    expect(restore).toMatchObject({ files_restored: 0, bytes_restored: 0 });
  },
  60_000,
);
