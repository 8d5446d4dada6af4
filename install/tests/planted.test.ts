/**
 * A rule that silently stopped to match looks exactly like a clean house. So
 * each is shown a small tree that breaks it, and must say so.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { root } from "../lib/paths.ts";

type Plant = {
  readonly breaks: string;
  readonly path: string;
  readonly source: string;
  /** Part of the line that must be reported. */
  readonly reported: string;
};

const boundary = (
  breaks: string,
  path: string,
  to: string,
  source = `import { x } from "${to}";\nexport const y = x;\n`,
): Plant => ({ breaks, path, source, reported: `boundary-violation:${path}` });

const policy = (rule: string, path: string, source: string): Plant => ({
  breaks: rule,
  path,
  source,
  reported: `house/${rule}`,
});

const architecture: readonly Plant[] = [
  boundary("agent → server", "agent/planted-a.ts", "../server/clean.ts"),
  boundary("shared → server", "shared/planted-b.ts", "../server/clean.ts"),
  boundary(
    "web → server",
    "web-components/data/planted-c.ts",
    "../../server/clean.ts",
  ),
  boundary("install → agent", "install/planted-d.ts", "../agent/clean.ts"),
  boundary(
    "feature → feature by value",
    "server/features/jobs/planted-e.ts",
    "../hosts/clean.ts",
  ),
  boundary(
    "feature → adapter",
    "server/features/jobs/planted-f.ts",
    "../../adapters/clean.ts",
  ),
  boundary(
    "feature → http",
    "server/features/jobs/planted-g.ts",
    "../../http/clean.ts",
  ),
  boundary(
    "elements → data",
    "web-components/elements/planted-h.ts",
    "../data/clean.ts",
  ),
  boundary(
    "data → pages",
    "web-components/data/planted-i.ts",
    "../pages/clean.ts",
  ),
  boundary(
    "restic → commands",
    "agent/restic/planted-j.ts",
    "../commands/clean.ts",
  ),
  {
    breaks: "a folder in no zone",
    path: "server/attic/planted-k.ts",
    source: "export const x = 1;\n",
    reported: "boundary-coverage:server/attic/planted-k.ts",
  },
  {
    breaks: "an import cycle",
    path: "server/planted-l.ts",
    source:
      'import { x } from "./cycle.ts";\nexport const y = (): unknown => x;\n',
    reported: "circular-dependency:server/",
  },
  {
    breaks: "an export nobody imports",
    path: "server/planted-m.ts",
    source: "export const used = 1;\nexport const unused = 2;\n",
    reported: "unused-export:server/planted-m.ts",
  },
  policy(
    "process-import",
    "server/planted-n.ts",
    'import { spawn } from "node:child_process";\nexport const y = spawn;\n',
  ),
  policy(
    "bun-spawn",
    "agent/planted-o.ts",
    'export const y = () => Bun.spawn(["ls"]);\n',
  ),
  policy("clock", "agent/planted-p.ts", "export const y = () => Date.now();\n"),
  policy(
    "randomness",
    "server/planted-q.ts",
    "export const y = () => Math.random();\n",
  ),
  policy(
    "sqlite",
    "server/features/jobs/planted-r.ts",
    'import { Database } from "bun:sqlite";\nexport const y = Database;\n',
  ),
  policy(
    "kysely",
    "server/features/jobs/planted-s.ts",
    'import { sql } from "kysely";\nexport const y = sql;\n',
  ),
  policy(
    "nats",
    "agent/link/planted-t.ts",
    'import { wsconnect } from "@nats-io/nats-core";\nexport const y = wsconnect;\n',
  ),
  policy(
    "hono",
    "server/features/jobs/planted-u.ts",
    'import { Hono } from "hono";\nexport const y = Hono;\n',
  ),
  policy(
    "fetch",
    "web-components/pages/planted-v.ts",
    'export const y = () => fetch("/api");\n',
  ),
  policy(
    "store-behind-service",
    "server/features/jobs/routes.ts",
    'import { x } from "./store.ts";\nexport const y = x;\n',
  ),
  policy(
    "browser-types-only",
    "web-components/data/planted-w.ts",
    'import { z } from "@restic-manager/shared/api/hosts.ts";\nexport const y = z;\n',
  ),
  policy(
    "default-export",
    "shared/planted-x.ts",
    "export const y = 1;\nexport default y;\n",
  ),
];

const lint: readonly Plant[] = [
  {
    breaks: "no-floating-promises",
    path: "server/lint-a.ts",
    source: "const f = async () => 1;\nexport const y = () => {\n  f();\n};\n",
    reported: "no-floating-promises",
  },
  {
    breaks: "switch-exhaustiveness-check",
    path: "server/lint-b.ts",
    source:
      'export const y = (x: "a" | "b") => {\n  switch (x) {\n    case "a":\n      return 1;\n  }\n  return 2;\n};\n',
    reported: "switch-exhaustiveness-check",
  },
  {
    breaks: "no-explicit-any",
    path: "server/lint-c.ts",
    source: "export const y = (x: any) => x;\n",
    reported: "no-explicit-any",
  },
  {
    breaks: "no-console",
    path: "agent/lint-d.ts",
    source: 'export const y = () => console.log("x");\n',
    reported: "no-console",
  },
  {
    breaks: "no-process-env",
    path: "agent/lint-e.ts",
    source: 'export const y = () => process.env["X"];\n',
    reported: "no-process-env",
  },
  {
    breaks: "no-top-level-await",
    path: "server/lint-f.ts",
    source: "export const y = await Promise.resolve(1);\n",
    reported: "no-top-level-await",
  },
  {
    breaks: "max-lines [TST-09]",
    path: "server/lint-g.ts",
    source: "export const y = [\n" + "  1,\n".repeat(400) + "];\n",
    reported: "max-lines",
  },
  {
    breaks: "filename-case",
    path: "server/lintH.ts",
    source: "export const y = 1;\n",
    reported: "filename-case",
  },
  {
    breaks: "lit templates",
    path: "web-components/elements/lint-i.ts",
    source:
      'import { html } from "lit";\nexport const y = (x: string) => html`<p title="${x}" title="${x}"></p>`;\n',
    reported: "lit(",
  },
  {
    breaks: "custom element names",
    path: "web-components/elements/lint-j.ts",
    source:
      'export class X extends HTMLElement {}\ncustomElements.define("Xx", X);\n',
    reported: "wc(",
  },
];

const clean = [
  "server/clean.ts",
  "server/adapters/clean.ts",
  "server/http/clean.ts",
  "server/features/hosts/clean.ts",
  "server/features/jobs/store.ts",
  "agent/clean.ts",
  "agent/commands/clean.ts",
  "web-components/data/clean.ts",
  "web-components/pages/clean.ts",
];

let tree = "";
let found = { architecture: "", lint: "" };

const write = (path: string, source: string): void => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), source);
};

const report = (...args: string[]): string => {
  const result = spawnSync(process.execPath, args, {
    cwd: tree,
    encoding: "utf8",
  });
  return result.stdout + result.stderr;
};

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "house-"));
  for (const file of [".fallowrc.jsonc", ".oxlintrc.json", "package.json"])
    copyFileSync(join(root, file), join(tree, file));
  mkdirSync(join(tree, "install"));
  copyFileSync(
    join(root, "install/house-rules.json"),
    join(tree, "install/house-rules.json"),
  );
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  write(
    "tsconfig.json",
    '{"compilerOptions":{"strict":true,"target":"ESNext","module":"Preserve"}}',
  );
  for (const path of clean) write(path, "export const x = 1;\n");
  for (const { path, source } of [...architecture, ...lint])
    write(path, source);
  write(
    "server/cycle.ts",
    'import { y } from "./planted-l.ts";\nexport const x = (): unknown => y;\n',
  );
  // Rules see what an entry reaches, as they do in the product.
  const reached = architecture.filter(
    ({ breaks }) => breaks !== "a folder in no zone",
  );
  write(
    "install/entry.ts",
    reached
      .map(
        ({ path }) =>
          `import { y as _${path.replaceAll(/\W/g, "_")} } from "../${path}";\n`,
      )
      .join(""),
  );
  found = {
    architecture: report(
      join(root, "node_modules/fallow/bin/fallow"),
      "dead-code",
      "--quiet",
      "--format",
      "compact",
    ),
    lint: report(join(root, "node_modules/oxlint/bin/oxlint"), "-f", "unix"),
  };
});

afterAll(() => rmSync(tree, { recursive: true }));

for (const { breaks, reported } of architecture)
  test(`the architecture check reports: ${breaks}`, () => {
    expect(found.architecture.includes(reported)).toBe(true);
  });

for (const { breaks, path, reported } of lint)
  test(`the lint reports: ${breaks}`, () => {
    const lines = found.lint.split("\n").filter((line) => line.includes(path));
    expect(lines.join("\n")).toContain(reported);
  });
