import {
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { seal, sealContext } from "@restic-manager/shared/identity/seal.ts";
import type { DumpSecret } from "@restic-manager/shared/protocol/command.ts";
import { maxStreamPiece } from "@restic-manager/shared/protocol/stream.ts";
import { systemClock } from "../clock.ts";
import { agreementKey, signingKey } from "../identity/keys.ts";
import { createMemoryLink } from "../link/memory-link.ts";
import { createLog } from "../log.ts";
import { runSystemProgram } from "../platform/spawn.ts";
import { createRandom } from "../random.ts";
import { processIds, processText } from "../testing/processes.ts";
import { realRestic } from "../testing/programs.ts";
import { startStreamDoor, type StreamDoor } from "../testing/stream-door.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import { createDumpStart } from "./dump-start.ts";

// Real processes on a busy machine.
setDefaultTimeout(60_000);
const tempDir = createTempDirs();
const random = createRandom(systemClock);
const hostId = "habcdefghijkl";

interface Rig {
  readonly dir: string;
  readonly source: string;
  readonly door: StreamDoor;
  readonly agentKey: Uint8Array;
  start(secret: Partial<DumpSecret>): Promise<unknown>;
  /** How often restic was started for it. */
  starts(): number;
  /** Whether a restic of this repository runs. */
  isReading(): boolean;
}

/** A snapshot of `source` as `fill` makes it, and an agent that is asked for parts of it. */
async function withRig(
  fill: (source: string) => void,
  work: (rig: Rig) => Promise<void>,
): Promise<void> {
  const dir = tempDir();
  const source = join(dir, "source");
  mkdirSync(source);
  fill(source);
  const restic = realRestic(join(dir, "restic"));
  await restic.byHand("init");
  await restic.byHand("backup", source);
  const { output } = await restic.byHand("snapshots", "--json");
  const [snapshot] = JSON.parse(output) as { id: string }[];
  const snapshot_id = snapshot?.id ?? "";
  const door = startStreamDoor();
  const key = signingKey(random.bytes(32));
  const agreement = agreementKey(random.bytes(32));
  const stopping = new AbortController();
  let starts = 0;
  const connection = await createMemoryLink().link.connect();
  const handler = createDumpStart({
    hostId,
    agreement,
    sign: key.sign,
    time: { stamp: () => new Date(systemClock.now()).toISOString() },
    runner: {
      run(call) {
        starts += 1;
        return restic.runner.run(call);
      },
    },
    log: createLog({
      level: "error",
      format: "json",
      clock: systemClock,
      write() {},
    }),
    stopping: stopping.signal,
    server: () => door.url,
    trust: null,
    clock: systemClock,
  });
  const rig: Rig = {
    dir,
    source,
    door,
    agentKey: key.publicKey,
    starts: () => starts,
    start(change) {
      const id = random.id();
      const secret = {
        ...restic.repository,
        snapshot_id,
        format: "raw",
        token: "one-time",
        ...change,
      };
      const box = seal(
        new TextEncoder().encode(JSON.stringify(secret)),
        agreement.publicKey,
        sealContext(hostId, "dump", id),
        agreementKey(random.bytes(32)),
        random.bytes(24),
      );
      return handler({ box: toBase64Url(box) }, { id, connection });
    },
    isReading: () =>
      processIds().some((pid) =>
        processText(pid, "environ").includes(restic.repository.url),
      ),
  };
  try {
    await work(rig);
  } finally {
    stopping.abort("agent_stopped");
    await door.stop();
  }
}

const blocks = (source: string) => {
  mkdirSync(join(source, "docs", "below"), { recursive: true });
  for (const name of ["big", "docs/one"]) {
    const content = Array.from({ length: 100 }, () =>
      crypto.getRandomValues(new Uint8Array(65_536)),
    );
    writeFileSync(join(source, name), Buffer.concat(content));
  }
  writeFileSync(join(source, "docs", "below", "two\nlines"), "two");
  writeFileSync(join(source, "empty"), "");
  symlinkSync("/etc/passwd", join(source, "link"));
};

test("a file comes byte by byte, signed for, in pieces that a message holds [DIF-01]", () =>
  withRig(blocks, async ({ source, door, agentKey, start, starts }) => {
    await start({ paths: [join(source, "big")], kind: "file" });
    const { bytes, end } = await door.all();
    expect(bytes.equals(readFileSync(join(source, "big")))).toBe(true);
    expect(end).toEqual({ done: true, bytes: bytes.length });
    expect(door.largest()).toBeLessThanOrEqual(maxStreamPiece);
    expect(door.opened(agentKey)).toMatchObject({
      host: hostId,
      token: "one-time",
    });
    // Each start opens the repository anew, which is what a person waits for.
    expect(starts()).toBe(1);
  }));

test("folders and files of a choice come as one archive that tar unpacks [DIF-01]", () =>
  withRig(blocks, async ({ dir, source, door, start }) => {
    const names = ["docs", "big", "empty"];
    const paths = names.map((name) => join(source, name));
    await start({ paths, format: "tar" });
    const { bytes, end } = await door.all();
    expect(end.done).toBe(true);
    writeFileSync(join(dir, "all.tar"), bytes);
    const into = join(dir, "unpacked");
    mkdirSync(into);
    const unpack = ["-xf", join(dir, "all.tar"), "-C", into];
    expect(runSystemProgram("tar", unpack)).toBe(true);
    const same = ["-r", "--no-dereference", join(into, source), source];
    // Only what was not chosen is missing.
    expect(readdirSync(join(into, source)).sort()).toEqual([...names].sort());
    writeFileSync(join(into, source, "link"), "");
    expect(runSystemProgram("diff", [...same, "--exclude", "link"])).toBe(true);
  }));

test("a folder comes as zip [DIF-01]", () =>
  withRig(blocks, async ({ source, door, start, starts }) => {
    const paths = [join(source, "docs")];
    await start({ paths, format: "zip", kind: "dir" });
    const { bytes, end } = await door.all();
    expect(end).toEqual({ done: true, bytes: bytes.length });
    expect(bytes.subarray(0, 4).toString("latin1")).toBe("PK\x03\x04");
    expect(bytes.includes("docs/below/two\nlines")).toBe(true);
    expect(starts()).toBe(1);
  }));

test.each([
  ["a file that is not there", "nope", "raw", "path_missing", undefined],
  ["a folder as a file", "docs", "raw", "path_missing", undefined],
  ["a link by itself", "link", "tar", "path_missing", undefined],
  ["a file as zip", "big", "zip", "path_missing", "file"],
  [
    "a file that the server's index holds by mistake",
    "no",
    "raw",
    "path_missing",
    "file",
  ],
  ["a name that is not UTF-8", "\uFFFD", "raw", "path_missing", "file"],
] as const)(
  "%s is refused before the first byte [DIF-01]",
  (...[, name, format, code, kind]) =>
    withRig(blocks, async ({ source, door, start }) => {
      await start({ paths: [join(source, name)], format, kind });
      const { bytes, end } = await door.all();
      expect(bytes.length).toBe(0);
      expect(end).toMatchObject({ done: false, code });
    }),
);

test.each([
  ["still knows", "file"],
  ["knows nothing of", undefined],
] as const)(
  "a forgotten snapshot that the server %s is named as the reason, before the first byte [DIF-01]",
  (_does, kind) =>
    withRig(blocks, async ({ source, door, start }) => {
      const snapshot_id = "ab".repeat(32);
      await start({ snapshot_id, paths: [join(source, "big")], kind });
      const { end } = await door.all();
      expect(end).toMatchObject({ done: false, code: "snapshot_missing" });
    }),
);

test("what is no path is not handed to restic [DIF-01]", () =>
  withRig(blocks, async ({ source, door, start }) => {
    await start({ paths: [join(source, "big"), "--help"], format: "tar" });
    const { end } = await door.all();
    expect(end).toMatchObject({ done: false, code: "path_missing" });
  }));

test("no more is sent than is granted, and restic ends when nobody takes it any more [RES-02] [DIF-01]", () =>
  withRig(blocks, async ({ source, door, start, isReading }) => {
    const granted = 1_000_000;
    await start({ paths: [join(source, "big")] });
    door.grant(granted);
    await until("what was granted", () => door.received() === granted);
    await until("a restic that waits", isReading);
    door.close();
    await until("the end of restic", () => !isReading(), 5_000);
    expect(door.received()).toBe(granted);
  }));

test("a server that does not take the stream makes the command fail [DIF-01]", () =>
  withRig(blocks, async ({ source, door, start }) => {
    await door.stop();
    expect(start({ paths: [join(source, "big")] })).rejects.toThrow(
      "does not open",
    );
  }));
