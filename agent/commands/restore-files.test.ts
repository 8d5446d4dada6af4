import { expect, test } from "bun:test";
import { createRestoreFiles } from "./restore-files.ts";

const unwritten = [
  "open /t/a: read-only file system",
  "write /t/a: input/output error",
  "remove /t/a: directory not empty",
  "chmod /t/a: operation not permitted",
];

test.each(unwritten)(
  "a file that restic names and cannot write is not counted, whichever it says first [RTR-04]: %s",
  (words) => {
    const files = createRestoreFiles();
    files.add("/a", 3);
    files.add("/b", 4);
    files.fail("/a", words);
    files.fail("/a", words);
    files.fail("/c", words);
    files.add("/c", 5);
    expect([files.files(), files.bytes()]).toEqual([1, 4]);
  },
);

test.each([
  "lchown /t/a: operation not permitted",
  "chmod /t/a: operation not supported",
  "xattr.LSet /t/a user.x: operation not permitted",
  'failed to restore timestamp of "/t/a": operation not permitted',
])(
  "a file counts when only its owner, permissions or times could not be set [RTR-06]: %s",
  (words) => {
    const files = createRestoreFiles();
    files.add("/a", 3);
    files.fail("/a", words);
    expect([files.files(), files.bytes()]).toEqual([1, 3]);
  },
);

test("what is missing is explained by an error with it, in it, or with what it is in, if that could not be read [RTR-03]", () => {
  const files = createRestoreFiles();
  files.fail("/srv/docs/a.txt", "mkdir /srv/docs: permission denied");
  files.fail("/home/ada", "ciphertext verification failed");
  files.fail("/etc", "lchown /etc: operation not permitted");
  for (const path of ["/srv/docs/a.txt", "/srv/docs", "/home/ada/x/y"])
    expect(files.isExplained(path)).toBe(true);
  for (const path of ["/srv/docs/b.txt", "/home/bob", "/etc/never-there"])
    expect(files.isExplained(path)).toBe(false);
});
