import { createSpawner } from "../platform/spawn.ts";

/** A process that starts a shell script through the spawner and is then killed by a test: `spawn-host.ts DIR SCRIPT`. */
const [dir = "", script = ""] = Bun.argv.slice(2);
await createSpawner({ tmpDir: dir }).start({
  file: "/bin/sh",
  args: ["-c", script],
  env: { PATH: "/usr/bin:/bin" },
  onLine: () => {},
}).exited;
