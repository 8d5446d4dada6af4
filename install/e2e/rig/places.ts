import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dir, "../../..");

/** What `install/build.ts` made for this machine. */
const builtDir = join(
  root,
  "dist",
  process.arch === "arm64" ? "linux-arm64" : "linux-x64",
);

export const serverFile = join(builtDir, "restic-manager-server");
export const agentFile = join(builtDir, "restic-manager-agent");

/** An executable beside the product that only tests and people use. */
export function tool(
  name: "restic" | "rest-server" | "nats" | "nats-server",
): string {
  const file = join(root, "dist/tools", name);
  if (!existsSync(file))
    throw new Error(`${file} is missing; run: bun install/third-party.ts`);
  return file;
}
