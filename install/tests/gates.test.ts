/** Each gate of the house is shown something it must not let pass, in a folder of its own. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checks } from "../lib/checks.ts";
import { root } from "../lib/paths.ts";
import { repositoryFiles } from "./tree.ts";

let tree = "";
beforeAll(() => (tree = mkdtempSync(join(tmpdir(), "gates-"))));
afterAll(() => rmSync(tree, { recursive: true }));

const read = (path: string): string => readFileSync(join(root, path), "utf8");

function bun(args: readonly string[], cwd: string) {
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
}

test("a badly formatted file does not pass the format check [REL-02]", () => {
  const dir = join(tree, "fmt");
  mkdirSync(dir);
  const { args = [] } = checks.find(({ name }) => name === "fmt") ?? {};
  writeFileSync(join(dir, "good.ts"), "export const x = 1;\n");
  expect(bun(args, dir).status).toBe(0);
  writeFileSync(join(dir, "bad.ts"), "export   const x=1\n");
  const { status, stdout, stderr } = bun(args, dir);
  expect(status).not.toBe(0);
  expect(stdout + stderr).toContain("bad.ts");
});

test("an ill-typed file does not pass the type check [REL-02]", () => {
  const dir = join(tree, "types");
  mkdirSync(join(dir, "server"), { recursive: true });
  const { args = [] } =
    checks.find(({ name }) => name === "types server") ?? {};
  writeFileSync(
    join(dir, "server/tsconfig.json"),
    '{"compilerOptions":{"strict":true,"types":[]}}',
  );
  const file = join(dir, "server/file.ts");
  writeFileSync(file, "export const x: number = 1;\n");
  expect(bun(args, dir).status).toBe(0);
  writeFileSync(file, 'export const x: number = "1";\n');
  const { status, stdout, stderr } = bun(args, dir);
  expect(status).not.toBe(0);
  expect(stdout + stderr).toContain("file.ts");
});

test("every project with a tsconfig is type-checked [REL-02]", () => {
  const projects = files(/(^|\/)tsconfig\.json$/).map((path) => dirname(path));
  const checked = checks.map(({ name }) => name.replace("types ", ""));
  expect(projects.filter((path) => !checked.includes(path))).toEqual([]);
});

test("a manifest that the lock file does not know is refused [REL-03]", () => {
  const dir = join(tree, "lock");
  mkdirSync(dir);
  for (const path of files(/^bun\.lock$|(^|\/)package\.json$|^bunfig\.toml$/)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    cpSync(join(root, path), join(dir, path));
  }
  const manifest = join(dir, "server/package.json");
  const changed = readFileSync(manifest, "utf8").replace(
    /"hono": "[^"]+"/,
    '"hono": "4.0.0"',
  );
  expect(changed).toContain('"hono": "4.0.0"');
  writeFileSync(manifest, changed);
  const { status, stderr } = bun(["install", "--frozen-lockfile"], dir);
  expect(status).not.toBe(0);
  expect(stderr).toContain("lockfile had changes, but lockfile is frozen");
});

test("the set-up of tests and demo installs from the frozen lock file [REL-03]", () => {
  const installs = read("install/run.sh").match(/bun install .*/g) ?? [];
  expect(installs).toHaveLength(1);
  expect(installs[0]).toContain("--frozen-lockfile");
});

test("every script that a recipe or npm runs is there [REL-01]", () => {
  const manifest = JSON.parse(read("package.json")) as {
    scripts: Record<string, string>;
  };
  const texts = [read("justfile"), read(".ci/run")];
  const commands = [...texts, ...Object.values(manifest.scripts)].join("\n");
  const named = commands.match(/(?:install|bench|\.ci)\/[\w./-]+/g) ?? [];
  expect(named.length).toBeGreaterThan(8);
  const missing = named.filter((path) => !existsSync(join(root, path)));
  // Made by the set-up, not kept in the repository.
  expect(missing.filter((path) => !path.includes("node_modules"))).toEqual([]);
  for (const recipe of ["build", "test", "check", "dev", "ci", "release"])
    expect(read("justfile")).toMatch(new RegExp(`^${recipe}( .*)?:`, "m"));
  for (const script of commands.match(/bun run (\w+)/g) ?? [])
    expect(Object.keys(manifest.scripts)).toContain(script.slice(8));
});

test("systemd does not start an agent again that only a person can help [ENR-06]", () => {
  const unit = read("install/systemd/restic-manager-agent.service");
  const [, codes = ""] = /^RestartPreventExitStatus=(.*)$/m.exec(unit) ?? [];
  const reference = read("agent/README.md");
  expect(codes).toBe("2 3 4 5");
  for (const code of codes.split(" "))
    expect(reference).toMatch(new RegExp(`Exit codes:[^.]*\\b${code} `));
});

function files(pattern: RegExp): string[] {
  return repositoryFiles().filter((path) => pattern.test(path));
}

test("a commit goes through the format and type checks [REL-02]", () => {
  const dir = join(tree, "hook");
  const bin = join(dir, "install/tools/bun/node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  const git = (...args: string[]) =>
    spawnSync("git", ["-c", "core.hooksPath=.githooks", ...args], {
      cwd: dir,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: dir, ...author },
    });
  const author = {
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@example.org",
  };
  cpSync(join(root, ".githooks"), join(dir, ".githooks"), { recursive: true });
  git("init", "-q");
  const checker = (code: number) =>
    writeFileSync(join(bin, "bun"), `#!/bin/sh\necho "$@"\nexit ${code}\n`, {
      mode: 0o755,
    });
  checker(1);
  const refused = git("commit", "--allow-empty", "-m", "x");
  expect(refused.status).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain(
    "install/check.ts fmt types",
  );
  checker(0);
  expect(git("commit", "--allow-empty", "-m", "x").status).toBe(0);
});
