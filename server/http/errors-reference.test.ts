import { expect, test } from "bun:test";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import { failures } from "@restic-manager/shared/domain/failure.ts";
import { tableRows } from "../testing/markdown-table.ts";

/** Table rows whose first cell is an anchored code. */
const rows = tableRows("docs/reference/errors.md").flatMap(
  ([first, ...rest]) => {
    const anchored = /^<a id="(\w+)"><\/a>`(\w+)`$/.exec(first ?? "");
    return anchored === null
      ? []
      : [{ id: anchored[1], code: anchored[2], rest: rest.join(" | ") }];
  },
);

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
