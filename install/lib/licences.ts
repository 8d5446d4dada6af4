import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { goRootLicence, linkedModules } from "./go.ts";
import { root } from "./paths.ts";
import type { Program } from "./programs.ts";

/** One piece of somebody else's work and the terms it comes under. */
export type Notice = { readonly name: string; readonly text: string };

const licenceFile = /^(licen[cs]e|copying|notice|copyright)/i;

const licenceText = (dir: string): string | undefined => {
  const names = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && licenceFile.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const texts = names.map((name) =>
    readFileSync(join(dir, name), "utf8").replaceAll("\r\n", "\n").trim(),
  );
  return texts.length === 0 ? undefined : texts.join("\n\n");
};

export const goNotices = async (
  programs: readonly Program[],
): Promise<Notice[]> => {
  const notices: Notice[] = [
    { name: "Go standard library", text: await goRootLicence() },
  ];
  for (const program of programs)
    for (const target of program.embedFor)
      for (const module of await linkedModules(program, target)) {
        const text = licenceText(module.dir);
        if (text === undefined)
          throw new Error(
            `no licence file in ${module.path} ${module.version}`,
          );
        notices.push({ name: `${module.path} ${module.version}`, text });
      }
  return notices;
};

/** Without Go the modules are not at hand; the programs' own terms are named instead. */
export const pathNotices = (programs: readonly Program[]): Notice[] =>
  programs.map((program) => ({
    name: `${program.name} (taken from the build machine)`,
    text: `Its source and licence: https://${program.module.replace(/\/v\d+$/, "")}`,
  }));

type Package = {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
};

const readPackage = (dir: string): Package =>
  JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Package;

/** The folder that `import name` finds from inside `dir`, as the isolated linker lays packages out. */
const resolveFrom = (dir: string, name: string): string => {
  for (let at = dir; at !== "/"; at = join(at, "..")) {
    const candidate = join(at, "node_modules", name);
    if (existsSync(candidate)) return realpathSync(candidate);
  }
  throw new Error(`${name} is not installed (needed by ${dir})`);
};

const workspaces = ["server", "agent", "shared", "web-components"];

/** Build-time packages whose output is shipped. */
const bundledTools: readonly (readonly [workspace: string, name: string])[] = [
  ["web-components", "lucide-static"],
];

/** Every npm package reachable from what the executables and the dashboard depend on. */
export const npmNotices = (): Notice[] => {
  const found = new Map<string, Notice>();
  const visit = (dir: string): void => {
    const { name, version, license, dependencies } = readPackage(dir);
    const key = `${name} ${version}`;
    if (found.has(key)) return;
    const own = name.startsWith("@restic-manager/");
    if (!own) {
      const text = licenceText(dir) ?? license;
      if (text === undefined) throw new Error(`no licence in npm ${key}`);
      found.set(key, { name: key, text });
    }
    for (const dependency of Object.keys(dependencies ?? {}))
      if (!dependency.startsWith("@restic-manager/"))
        visit(resolveFrom(dir, dependency));
  };
  for (const workspace of workspaces) visit(join(root, workspace));
  for (const [workspace, name] of bundledTools)
    visit(resolveFrom(join(root, workspace), name));
  return [...found.values()];
};

/** The text both executables print for `--licenses`; works under the same text share one block. */
export const licencesText = (notices: readonly Notice[]): string => {
  const byText = new Map<string, Set<string>>();
  for (const { name, text } of notices)
    byText.set(text, (byText.get(text) ?? new Set()).add(name));
  const product = readFileSync(join(root, "LICENSE"), "utf8").trim();
  const bun = readFileSync(join(root, "install/licenses/bun.txt"), "utf8");
  const rule = "=".repeat(72);
  const blocks = [...byText]
    .map(([text, names]) => [[...names].sort().join("\n"), text] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([names, text]) => `${names}\n\n${text}`);
  return [
    `restic-manager\n\n${product}`,
    `The works below are part of the executables, each under its own terms.\n\n${bun.trim()}`,
    ...blocks,
  ]
    .map((block) => `${rule}\n${block}\n`)
    .join("\n");
};
