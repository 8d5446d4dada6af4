import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "bun:test";

/**
 * Makes folders that vanish after the test that asked for them, or with `afterAll` after all of the file. To be called once
 * for each per test file.
 */
export function createTempDirs(
  after: (end: () => void) => void = afterEach,
): () => string {
  const made: string[] = [];
  after(() => {
    for (const path of made.splice(0))
      rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = mkdtempSync(join(tmpdir(), "rm-agent-"));
    made.push(path);
    return path;
  };
}
