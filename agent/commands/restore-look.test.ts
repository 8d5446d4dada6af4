import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { ResticMessage } from "../restic/messages.ts";
import { restoreArgs } from "../restic/restore-args.ts";
import { realRestic } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createLook } from "./restore-look.ts";

const tempDir = createTempDirs();

const error: ResticMessage = {
  type: "error",
  path: "/notes/b.txt",
  message: "lstat /srv/notes/b.txt: not a directory",
};
const folder: ResticMessage = {
  type: "restored",
  action: "restored",
  path: "/notes",
  size: 0,
};

test.each([
  ["before", [error, folder]],
  ["after", [folder, error]],
])(
  "what is in the way of a folder counts once, whether its error comes %s the folder [RTR-02]",
  (_when, messages) => {
    const at = tempDir();
    mkdirSync(join(at, "other"));
    writeFileSync(join(at, "notes"), "a file now");
    const look = createLook("if-newer");
    const add = look.of({ folder: at, base: "/srv", includes: [] });
    for (const message of messages) add(message, "");
    expect(look.found()).toMatchObject({
      restored: 1,
      updated: 1,
      overwritten: ["/srv/notes"],
      inTheWay: ["/srv/notes"],
      errorsAreExplained: true,
    });
  },
);

test.each(["\\C\\Users\\a.txt", "C/Users/a.txt"])(
  "a look comes to its end by paths as restic has them on Windows, or without a root [RTR-02]: %s",
  (path) => {
    const at = tempDir();
    mkdirSync(join(at, "C"));
    writeFileSync(join(at, "C", "Users"), "a file now");
    const look = createLook("never");
    const add = look.of({ folder: at, base: "/", includes: ["/C/Users"] });
    add({ type: "restored", action: "restored", path, size: 0 }, "");
    add({ type: "restored", action: "restored", path, size: 3 }, "");
    add({ type: "error", path, message: "lstat: not a directory" }, "");
    add({ type: "unchanged" }, JSON.stringify({ item: path, size: 4 }));
    expect(look.found()).toMatchObject({
      inTheWay: ["/C/Users"],
      unchanged: 0,
    });
  },
);

/** What restic itself says it would do with a folder `home/ada/docs`, where `home` is a link now, to `to`. */
async function lookThroughLink(to: string, chosen: string) {
  const dir = tempDir();
  const { runner, repository, byHand } = realRestic(dir);
  const at = join(dir, "there");
  const docs = join(at, "home", "ada", "docs");
  mkdirSync(docs, { recursive: true });
  writeFileSync(join(docs, "a.txt"), "a");
  writeFileSync(join(docs, "b.txt"), "b");
  writeFileSync(join(at, "home", "list.txt"), "list");
  await byHand("init");
  expect((await byHand("backup", at)).code).toBe(0);
  rmSync(join(at, "home"), { recursive: true });
  mkdirSync(join(dir, "disk", "ada", "docs"), { recursive: true });
  writeFileSync(join(dir, "disk", "ada", "docs", "a.txt"), "mine");
  symlinkSync(join(dir, to), join(at, "home"));
  const part = { folder: at, base: at, includes: [chosen] };
  const look = createLook("never");
  const add = look.of(part);
  await runner.run({
    args: restoreArgs(
      {
        snapshotId: "latest",
        base: at,
        target: at,
        includes: part.includes,
        includeFile: null,
        overwrite: "never",
        isDryRun: true,
      },
      "0.19.1",
    ),
    repository,
    limitMs: 60_000,
    onMessage: (message, _stream, line) => add(message, line),
  });
  return { ...look.found(), link: join(at, "home") };
}

test("a link above a chosen folder, which restic follows, is in nobody's way [RTR-02] [RTR-04]", async () => {
  const found = await lookThroughLink("disk", "/home/ada/docs");
  expect(found).toMatchObject({
    inTheWay: [],
    unchanged: 1,
    restored: 1,
    updated: 0,
  });
  const stuck = await lookThroughLink("nowhere", "/home/ada/docs");
  expect(stuck.inTheWay).toEqual([]);
}, 60_000);

test("a link that holds a chosen file has to make room for a folder [RTR-02] [RTR-04]", async () => {
  const { inTheWay, link } = await lookThroughLink("disk", "/home/list.txt");
  expect(inTheWay).toEqual([link]);
}, 60_000);
