import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../lib/paths.ts";

const tracked = execFileSync("git", ["ls-files"], { cwd: root })
  .toString()
  .trim()
  .split("\n");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const folders = [
  ...new Set(
    tracked
      .filter((path) => path.includes("/") && !path.startsWith("."))
      .map((path) => path.slice(0, path.indexOf("/"))),
  ),
];

describe("documents", () => {
  test("the map names every top-level folder, and nothing else [DOC-09]", () => {
    const rows = read("docs/architecture.md").matchAll(
      /^\| (?:\[)?`([a-z-]+)\/`/gm,
    );
    expect([...rows].map((row) => row[1]).sort()).toEqual(folders.sort());
  });

  test("every top-level folder with code explains itself [DOC-09]", () => {
    const silent = folders.filter(
      (folder) =>
        folder !== "docs" && !existsSync(join(root, folder, "README.md")),
    );
    expect(silent).toEqual([]);
  });

  test("links between documents lead somewhere", () => {
    const broken = tracked
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
          .map((link) => String(link[1]))
          .filter((link) => !existsSync(join(root, dirname(path), link)))
          .map((link) => `${path}: ${link}`),
      );
    expect(broken).toEqual([]);
  });

  test("every test that the threat model names is there", () => {
    const named = [
      ...read("docs/security.md").matchAll(/`(\S+\.test\.ts)`: ([^|\n)]+)/g),
    ].map((match) => ({
      path: String(match[1]),
      name: String(match[2]).trim(),
    }));
    expect(named.length).toBeGreaterThan(20);
    expect(
      named.filter(({ path, name }) => !read(path).includes(name)),
    ).toEqual([]);
  });

  test("the changelog keeps to its form [DOC-04]", () => {
    const log = read("CHANGELOG.md");
    expect(log).toStartWith("# Changelog\n");
    const headings = [...log.matchAll(/^#{2,3} (.+)$/gm)].map((m) => m[1]);
    expect(headings[0]).toBe("[Unreleased]");
    for (const heading of headings.slice(1))
      expect(heading).toMatch(
        /^(Added|Changed|Deprecated|Removed|Fixed|Security|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d)$/,
      );
  });
});
