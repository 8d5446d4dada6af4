import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readJunit, table } from "../compat/report.ts";
import { versions } from "../compat/versions.ts";
import { root } from "../lib/paths.ts";

const xml = `<?xml version="1.0"?>
<testsuites><testsuite name="a.test.ts">
  <testcase name="it &quot;works&quot; [RST-01]" classname="a" time="1" file="a.test.ts" assertions="1" />
  <testcase name="it fails" classname="a" time="1"><failure type="AssertionError" message="x" /></testcase>
  <testcase name="it is left out" classname="a" time="0"><skipped /></testcase>
</testsuite></testsuites>`;

test("a test that failed or was left out with a restic stands so in the table [TST-02]", () => {
  const outcomes = readJunit(xml);
  expect(outcomes).toEqual([
    { name: 'it "works" [RST-01]', passed: true },
    { name: "it fails", passed: false },
    { name: "it is left out", passed: false },
  ]);
  const text = table(
    new Map([
      ["0.14", outcomes],
      ["0.19", outcomes.slice(0, 1)],
    ]),
  );
  expect(text.split("\n").slice(1)).toEqual([
    'ok    ok     it "works" [RST-01]',
    "FAIL  –      it fails",
    "FAIL  –      it is left out",
  ]);
});

const page = readFileSync(join(root, "docs", "restic-versions.md"), "utf8");

test("the page of versions lists each one that is tested, and no other [DOC-06]", () => {
  const listed = [...page.matchAll(/^\| (0\.\d+)\.\d+ /gm)].map(
    ([, line]) => line,
  );
  expect(listed).toEqual(versions.map(({ line }) => line));
  for (const { source } of versions)
    expect(page).toContain(`| ${source.split(",")[0]} `);
});

test("the page says in the same words as a host's page what an old restic cannot do [DOC-06] [RST-06]", () => {
  const source = readFileSync(
    join(root, "shared", "domain", "restic-version.ts"),
    "utf8",
  );
  const limits = [
    ...source.matchAll(/below: "(\d+\.\d+)\.\d+",\s+text: "([^"]+)"/g),
  ];
  expect(limits.length).toBeGreaterThan(3);
  for (const [, below, text] of limits)
    expect(page).toContain(`| before ${below} | ${text}`);
});
