import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { moduleDir, type Program } from "./programs.ts";
import { must, run } from "./run.ts";
import type { Target } from "./targets.ts";

const goArch = { x64: "amd64", arm64: "arm64" } as const;

/** Everything that may bend a build is set here, so that a build is the same on every machine. */
const environment = (target: Target): Record<string, string> => ({
  CGO_ENABLED: "0",
  GOOS: target.os,
  GOARCH: goArch[target.arch],
  GOFLAGS: "-mod=readonly",
  GOWORK: "off",
});

const flags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="];

/** What `go version` prints, or undefined when there is no Go toolchain. */
export const goVersion = async (): Promise<string | undefined> => {
  const result = await run("go", ["version"]);
  return result.code === 0 ? result.stdout.trim() : undefined;
};

/** Changes whenever the built executable could change. */
export const buildKey = (program: Program, go: string): string => {
  const hash = createHash("sha256").update(`${go}\n${flags.join(" ")}\n`);
  for (const file of ["go.mod", "go.sum"])
    hash.update(readFileSync(join(moduleDir(program), file)));
  return hash.digest("hex").slice(0, 12);
};

export const goBuild = async (
  program: Program,
  target: Target,
  output: string,
): Promise<void> => {
  await must("go", ["build", ...flags, "-o", output, program.package], {
    cwd: moduleDir(program),
    env: environment(target),
  });
};

export type GoModule = {
  readonly path: string;
  readonly version: string;
  readonly dir: string;
};

/** Modules whose code is linked into the program for this target. */
export const linkedModules = async (
  program: Program,
  target: Target,
): Promise<readonly GoModule[]> => {
  const format =
    "{{with .Module}}{{if .Version}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}";
  const listed = await must(
    "go",
    ["list", "-deps", "-f", format, program.package],
    { cwd: moduleDir(program), env: environment(target) },
  );
  const lines = [...new Set(listed.split("\n").filter((line) => line !== ""))];
  return lines.sort().map((line) => {
    const [path = "", version = "", dir = ""] = line.split("\t");
    return { path, version, dir };
  });
};

/** The licence of the Go runtime and standard library that every Go program contains. */
export const goRootLicence = async (): Promise<string> => {
  const goRoot = (await must("go", ["env", "GOROOT"])).trim();
  for (const dir of [goRoot, "/usr/share/doc/golang-go"]) {
    try {
      return readFileSync(join(dir, "LICENSE"), "utf8");
    } catch {
      // Distributions move the file; the next place may have it.
    }
  }
  return "The Go standard library: BSD-3-Clause, https://go.dev/LICENSE";
};
