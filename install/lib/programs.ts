import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./paths.ts";
import { linuxArm64, linuxX64, windowsX64, type Target } from "./targets.ts";

/** A Go program that the product embeds or that its tests need. */
export type Program = {
  readonly name: string;
  /** Go package that is built. */
  readonly package: string;
  /** Go module that carries the version, pinned in tools/<folder>/go.mod. */
  readonly module: string;
  readonly folder: string;
  /** Targets it is embedded for; none for programs only tests use. */
  readonly embedFor: readonly Target[];
  /** Names it goes by on PATH, the first being ours. */
  readonly onPath: readonly string[];
  readonly versionArgs: readonly string[];
  /** Oldest version taken from PATH when there is no Go toolchain. */
  readonly minimum: string;
};

export const natsServer: Program = {
  name: "nats-server",
  package: "github.com/nats-io/nats-server/v2",
  module: "github.com/nats-io/nats-server/v2",
  folder: "nats-server",
  embedFor: [linuxX64, linuxArm64],
  onPath: ["nats-server"],
  versionArgs: ["--version"],
  minimum: "2.14.0",
};

export const restic: Program = {
  name: "restic",
  package: "github.com/restic/restic/cmd/restic",
  module: "github.com/restic/restic",
  folder: "restic",
  embedFor: [linuxX64, linuxArm64, windowsX64],
  onPath: ["restic"],
  versionArgs: ["version"],
  minimum: "0.17.0",
};

const restServer: Program = {
  name: "rest-server",
  package: "github.com/restic/rest-server/cmd/rest-server",
  module: "github.com/restic/rest-server",
  folder: "rest-server",
  embedFor: [],
  onPath: ["rest-server", "restic-rest-server"],
  versionArgs: ["--version"],
  minimum: "0.13.0",
};

const natsCli: Program = {
  name: "nats",
  package: "github.com/nats-io/natscli/nats",
  module: "github.com/nats-io/natscli",
  folder: "nats-cli",
  embedFor: [],
  onPath: ["nats"],
  versionArgs: ["--version"],
  minimum: "0.2.0",
};

export const programs: readonly Program[] = [
  natsServer,
  restic,
  restServer,
  natsCli,
];

export const moduleDir = (program: Program): string =>
  join(root, "install", "tools", program.folder);

/** The version that go.mod pins, without the leading v. */
export const pinnedVersion = (program: Program): string => {
  const goMod = readFileSync(join(moduleDir(program), "go.mod"), "utf8");
  const line = goMod
    .split("\n")
    .map((text) => text.trim().split(" "))
    .find(([module]) => module === program.module);
  const version = line?.[1];
  if (version === undefined)
    throw new Error(
      `install/tools/${program.folder}/go.mod does not require ${program.module}`,
    );
  return version.replace(/^v/, "");
};
