/**
 * Builds both executables into dist/<os>-<arch>/.
 *
 *   bun install/build.ts                every target
 *   bun install/build.ts --host         this machine's target only
 *   bun install/build.ts --stage-only   only what a run from source reads
 *
 * More arguments go to third-party.ts.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";

import { buildInfo, type BuildInfo } from "./lib/build-info.ts";
import { dist, root } from "./lib/paths.ts";
import { must } from "./lib/run.ts";
import { agent, server, stageAssets, type Executable } from "./lib/stage.ts";
import { main, say } from "./lib/step.ts";
import {
  exe,
  hostTarget,
  linuxArm64,
  linuxX64,
  sameTarget,
  targetName,
  windowsX64,
  type Target,
} from "./lib/targets.ts";

const matrix: readonly (readonly [Executable, Target])[] = [
  [server, linuxX64],
  [server, linuxArm64],
  [agent, linuxX64],
  [agent, linuxArm64],
  [agent, windowsX64],
];

/** The runtime an executable is built around, from the lockfile and not from a download of its own. */
const runtimes: Readonly<Record<string, string>> = {
  "linux-x64": "bun-linux-x64/bin/bun",
  "linux-arm64": "bun-linux-aarch64/bin/bun",
  "windows-x64": "bun-windows-x64/bin/bun.exe",
};

const runtime = (target: Target): string => {
  const file = join("node_modules/@oven", runtimes[targetName(target)] ?? "");
  if (!existsSync(join(root, file)))
    throw new Error(
      `${file} is missing: run bun install --frozen-lockfile --os='*' --cpu='*'`,
    );
  return file;
};

const compile = async (
  executable: Executable,
  target: Target,
  info: BuildInfo,
): Promise<string> => {
  const assets = stageAssets(executable, target);
  const outdir = join(dist, targetName(target));
  const output = join(outdir, exe(target, executable.name));
  const partial = join(outdir, "partial");
  mkdirSync(partial, { recursive: true });
  const define = (name: string, value: string): string[] => [
    "--define",
    `${name}=${JSON.stringify(value)}`,
  ];
  // The output's own name is part of its bytes: only the folder may differ between builds.
  const made = join(partial, exe(target, executable.name));
  await must(
    process.execPath,
    [
      "build",
      "--compile",
      "--minify",
      "--bytecode",
      "--format=esm",
      "--sourcemap",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      ...define("process.env.NODE_ENV", "production"),
      ...define("BUILD_VERSION", info.version),
      ...define("BUILD_COMMIT", info.commit),
      ...define("BUILD_COMMIT_DATE", info.commitDate),
      ...executable.execArgv.map((option) => `--compile-exec-argv=${option}`),
      `--target=bun-${targetName(target)}`,
      `--compile-executable-path=${runtime(target)}`,
      `--asset=${relative(root, assets)}`,
      `--outfile=${relative(root, made)}`,
      `${executable.folder}/main.ts`,
    ],
    { cwd: root },
  );
  keepSourcemap(made, target, executable);
  renameSync(made, output);
  rmSync(partial, { recursive: true });
  return output;
};

/** Maps are for reading crash reports, not for shipping. */
const keepSourcemap = (
  made: string,
  target: Target,
  executable: Executable,
): void => {
  const maps = join(dist, "sourcemaps", targetName(target));
  mkdirSync(maps, { recursive: true });
  const written = [`${made}.map`, made.replace(/\.exe$/, ".map")].find(
    (file) => file !== made && existsSync(file),
  );
  if (written === undefined) throw new Error(`${made} came without its map`);
  renameSync(written, join(maps, `${executable.name}.map`));
};

const checksums = (files: readonly string[]): string =>
  files
    .map((file) => {
      const sha256 = createHash("sha256")
        .update(readFileSync(file))
        .digest("hex");
      return `${sha256}  ${relative(dist, file)}\n`;
    })
    .join("");

await main(async () => {
  const args = process.argv.slice(2);
  const host = hostTarget();
  const stageOnly = args.includes("--stage-only");
  const hostOnly = args.includes("--host") || stageOnly;
  const wanted = matrix.filter(
    ([, target]) => !hostOnly || sameTarget(target, host),
  );

  const step = (...script: string[]): Promise<string> =>
    must(process.execPath, script, { cwd: root, loud: true });
  const more = args.filter((arg) => !["--host", "--stage-only"].includes(arg));
  await step(
    "install/third-party.ts",
    ...(hostOnly ? ["--host"] : []),
    ...more,
  );
  await step("install/build-ui.ts");

  if (stageOnly) {
    for (const [executable, target] of wanted)
      say(`stage ${relative(root, stageAssets(executable, target))}`);
    return 0;
  }

  const info = await buildInfo();
  const outputs: string[] = [];
  for (const [executable, target] of wanted) {
    const output = await compile(executable, target, info);
    const megabytes = (readFileSync(output).length / 1e6).toFixed(1);
    say(`built ${relative(root, output)} (${megabytes} MB)`);
    outputs.push(output);
  }
  writeFileSync(join(dist, "SHA256SUMS"), checksums(outputs));
  return 0;
});
