import { binary } from "../lib/binaries.ts";
import { goVersion } from "../lib/go.ts";
import { pinnedVersion, restic, type Program } from "../lib/programs.ts";
import { hostTarget } from "../lib/targets.ts";
import { debianRestic } from "./debian.ts";

export type Version = {
  /** Major and minor number. */
  readonly line: string;
  /** Where it comes from, for people. */
  readonly source: string;
  /** Builds or downloads it when it is not there yet; resolves to the executable. */
  readonly find: () => Promise<string>;
};

/** The same program of an older line, in a Go module of its own beside the one that is embedded. */
const older = (line: string): Program => ({
  ...restic,
  folder: `restic-${line}`,
  embedFor: [],
  onPath: [],
});

const built = (program: Program): Version => {
  const version = pinnedVersion(program);
  return {
    line: version.split(".").slice(0, 2).join("."),
    source: `${version}, built from its Go module`,
    find: async () =>
      (await binary(program, hostTarget(), await goVersion())).path,
  };
};

const embedded = built(restic);

/** Every restic that agents are known to work with, oldest first. */
export const versions: readonly Version[] = [
  {
    line: "0.14",
    source: "0.14.0, the package of Debian 12",
    find: () => debianRestic("0.14"),
  },
  ...["0.16", "0.17", "0.18"].map((line) => built(older(line))),
  { ...embedded, source: `${embedded.source}, embedded in the agent` },
];
