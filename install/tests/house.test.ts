import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../lib/paths.ts";
import { code, repositoryFiles } from "./tree.ts";

const files = repositoryFiles();
const sources = files.filter((path) => path.endsWith(".ts"));

const isTest = (path: string): boolean =>
  /\.test\.ts$|-testing\.ts$|-contract\.ts$|\/testing\/|\/tests\/|\/e2e\/|\/fixtures\//.test(
    path,
  );

/** Files of these folders, tests left out, in which the pattern occurs. */
const uses = (folders: RegExp, pattern: RegExp, allowed: string[]): string[] =>
  sources.filter(
    (path) =>
      folders.test(path) &&
      !isTest(path) &&
      !allowed.includes(path) &&
      pattern.test(code(path)),
  );

const product = /^(server|agent|shared)\//;

test("only the clocks ask for the time", () => {
  expect(
    uses(product, /new Date\(\s*\)/, ["server/clock.ts", "agent/clock.ts"]),
  ).toEqual([]);
});

test("server and agent import nothing at run time", () => {
  expect(uses(product, /\bimport\(/, [])).toEqual([]);
});

test("what puts the server together decides nothing itself [TST-09]", () => {
  const wiring = /^server\/(app\/\w+|features\/\w+\/feature)\.ts$/;
  const decisions = /\b(if|while|switch) \(|\bthrow\b|\bsql`/;
  expect(sources.filter((path) => wiring.test(path)).length).toBeGreaterThan(6);
  expect(uses(wiring, decisions, [])).toEqual([]);
});

test("no test is skipped, focused or postponed", () => {
  const marks = /\b(test|it|describe)\.(skip|only|todo|skipIf|todoIf|if)\b/;
  const marked = sources.filter(
    (path) =>
      path !== "install/tests/house.test.ts" &&
      isTest(path) &&
      marks.test(code(path)),
  );
  expect(marked).toEqual([]);
});

test("only tests of real processes sleep", () => {
  const realProcesses = /^(server\/adapters|agent\/platform|agent\/restic)\//;
  const sleeping = sources.filter(
    (path) =>
      /^(server|agent|shared)\/.*\.test\.ts$/.test(path) &&
      !realProcesses.test(path) &&
      /Bun\.sleep|setTimeout\(\s*resolve/.test(code(path)),
  );
  expect(sleeping).toEqual([]);
});

const roleWord = String.raw`["'](?:admin|operator|viewer)["']`;
const comparesRoles = new RegExp(
  String.raw`[!=]==?\s*${roleWord}|${roleWord}\s*[!=]==?|case\s+${roleWord}|\[["'\w ,]*${roleWord}[^\]]*\]\s*\.includes`,
);

test("what somebody may do is asked by permission, never by the name of a role [RBC-01]", () => {
  for (const planted of [
    'if (actor.role === "admin") {}',
    'switch (role) { case "viewer": }',
    '["admin", "operator"].includes(role)',
  ])
    expect(planted).toMatch(comparesRoles);
  expect(
    uses(/^(server|shared|web-components)\//, comparesRoles, [
      "shared/domain/role.ts",
    ]),
  ).toEqual([]);
});

const topLevel = [
  "server",
  "agent",
  "shared",
  "web-components",
  "install",
  "docs",
  "bench",
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "LICENSE",
  "bun.lock",
  "bunfig.toml",
  "justfile",
  "package.json",
];

test("the top level holds the closed list and nothing else", () => {
  const strangers = new Set(
    files
      .map((path) => path.split("/")[0] ?? "")
      .filter((name) => !topLevel.includes(name) && !name.startsWith(".")),
  );
  expect([...strangers]).toEqual([]);
});

test("versions of packages are exact [REL-03]", () => {
  const loose = files
    .filter((path) => path.endsWith("package.json"))
    .flatMap((path) => {
      const manifest = JSON.parse(
        readFileSync(join(root, path), "utf8"),
      ) as Partial<
        Record<"dependencies" | "devDependencies", Record<string, string>>
      >;
      return Object.entries({
        ...manifest.dependencies,
        ...manifest.devDependencies,
      })
        .filter(
          ([, version]) => !/^(\d+\.\d+\.\d+\S*|workspace:\*)$/.test(version),
        )
        .map(([name, version]) => `${path}: ${name} ${version}`);
    });
  expect(loose).toEqual([]);
});
