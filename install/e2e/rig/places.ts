import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dir, "../../..");

/** What `install/build.ts` made for this machine. */
export const builtDir = join(
  root,
  "dist",
  process.arch === "arm64" ? "linux-arm64" : "linux-x64",
);

export const serverFile = built("restic-manager-server");
export const agentFile = built("restic-manager-agent");

/** An executable beside the product that only tests and people use: restic, rest-server, nats. */
export function tool(
  name: "restic" | "rest-server" | "nats" | "nats-server",
): string {
  return present(join(root, "dist/tools", name), "bun install/third-party.ts");
}

function built(name: string): string {
  return present(join(builtDir, name), "bun install/build.ts");
}

function present(file: string, command: string): string {
  if (!existsSync(file)) throw new Error(`${file} is missing; run: ${command}`);
  return file;
}
