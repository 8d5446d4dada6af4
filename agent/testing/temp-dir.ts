import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "bun:test";

/** Makes folders that vanish after the test that asked for them. To be called once per test file. */
export function createTempDirs(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const path of made.splice(0))
      rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = mkdtempSync(join(tmpdir(), "rm-agent-"));
    made.push(path);
    return path;
  };
}
