import { existsSync, mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { runSystemProgram } from "./spawn.ts";

const system = "*S-1-5-18";
const administrators = "*S-1-5-32-544";

/**
 * Makes a folder that only administrators, the system and whoever makes it can open. File modes do that elsewhere; on
 * Windows a new folder inherits the right to read for every user. False when Windows refused.
 */
export function makePrivateFolder(folder: string): boolean {
  if (process.platform !== "win32") return true;
  if (existsSync(folder)) return true;
  mkdirSync(folder, { recursive: true });
  const grants = [system, administrators, userInfo().username].flatMap(
    (who) => ["/grant:r", `${who}:(OI)(CI)F`],
  );
  return runSystemProgram("icacls", [folder, "/inheritance:r", ...grants]);
}
