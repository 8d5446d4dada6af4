/** What must hold for every file, apart from its tests. The only list there is. */
export type Check = {
  readonly name: string;
  readonly args: readonly string[];
};

/**
 * `bun check .` would stay green over files that only a nested project
 * includes, so every project is named.
 */
const projects = [
  "shared",
  "shared/testing",
  "server",
  "agent",
  "web-components",
  "web-components/testing",
  "install",
  "bench",
];

export const checks: readonly Check[] = [
  { name: "fmt", args: ["fmt", "--check"] },
  ...projects.map((project) => ({
    name: `types ${project}`,
    args: ["check", "-p", project],
  })),
  {
    name: "lint",
    args: ["node_modules/oxlint/bin/oxlint", "--deny-warnings", "--quiet"],
  },
  {
    name: "arch",
    args: ["node_modules/fallow/bin/fallow", "dead-code", "--quiet"],
  },
];
