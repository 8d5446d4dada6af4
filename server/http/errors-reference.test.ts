import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import { failures } from "@restic-manager/shared/domain/failure.ts";

const reference = readFileSync(
  join(import.meta.dir, "../../docs/reference/errors.md"),
  "utf8",
);

/** Table rows whose first cell is an anchored code. */
const rows = reference.split("\n").flatMap((line) => {
  const row = /^\| <a id="(\w+)"><\/a>`(\w+)` \| (.+) \|$/.exec(line);
  return row === null ? [] : [{ id: row[1], code: row[2], rest: row[3] }];
});

test("the reference lists every error code of the API and of agents as it is, and nothing else [API-03]", () => {
  const expected = [
    ...Object.entries(apiErrors).map(([code, [status, message]]) => ({
      id: code,
      code,
      rest: `${status} | ${message}`,
    })),
    ...Object.entries(failures).map(([code, message]) => ({
      id: `failure_${code}`,
      code,
      rest: message,
    })),
  ];
  expect(rows).toEqual(expected);
});
