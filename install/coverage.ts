/**
 * Fails when the unit tests, which have written coverage/lcov.info just before, run too little of the product. What runs
 * in a browser only, and files that no test loads, count as not run.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readLcov, total, unloaded } from "./lib/coverage.ts";
import { root } from "./lib/paths.ts";
import { main, say } from "./lib/step.ts";

const floorPercent = 40;

const product = new Bun.Glob("{shared,server,agent,web-components}/**/*.ts");
const apart =
  /node_modules|\.test\.ts$|\.gen\.ts$|\.d\.ts$|\/testing\/|-testing|-contract/;

await main(async () => {
  const report = readFileSync(join(root, "coverage/lcov.info"), "utf8");
  const known = readLcov(report);
  const files = [...product.scanSync({ cwd: root })].filter(
    (path) => !apart.test(path),
  );
  const { lines, run } = total(
    files.map(
      (path) =>
        known.get(path) ?? unloaded(readFileSync(join(root, path), "utf8")),
    ),
  );
  const percent = (100 * run) / lines;
  say(
    `unit tests run ${percent.toFixed(1)} % of ${lines} lines in ${files.length} files; the floor is ${floorPercent} %`,
  );
  return percent < floorPercent ? 1 : 0;
});
