import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { ResticMessage } from "../restic/messages.ts";
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
