import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { AppError } from "../app-error.ts";
import { route } from "../ports/route.ts";
import type { Route } from "../ports/route.ts";
import { build } from "../version.ts";

export interface AgentFilesDeps {
  /** Holds `install/`, the scripts and unit files carried by the executable. */
  readonly assetsDir: string;
  readonly dataDir: string;
  /** Of the running program, where a release puts the agents beside the server. */
  readonly executable: string;
}

const platforms = ["linux-x64", "linux-arm64", "windows-x64"];

/** Anything may be asked for: what is no platform has its own answer. */
const platformQuery = z.object({
  os: z.string().default(""),
  arch: z.string().default(""),
});
type PlatformQuery = z.infer<typeof platformQuery>;

/** What an endpoint downloads to be installed: scripts, unit files, and the agent for its platform. */
export function agentFileRoutes(deps: AgentFilesDeps): readonly Route[] {
  const installDir = join(deps.assetsDir, "install");
  const names = readdirSync(installDir);
  const find = (query: PlatformQuery) => findAgent(deps, query);
  const sha256 = createFileHashes();
  return [
    route({
      method: "GET",
      path: "/install/:name",
      access: "public",
      summary: "Install script or unit file",
      params: z.strictObject({ name: z.string() }),
      answer: "text/plain",
      handle({ params }) {
        if (!names.includes(params.name)) throw new AppError("not_found");
        const body = readFileSync(join(installDir, params.name));
        return new Response(body, {
          headers: { "Content-Type": "text/plain; charset=utf-8" },
        });
      },
    }),
    route({
      method: "GET",
      path: "/agent/binary",
      access: "public",
      summary: "Agent executable for a platform",
      query: platformQuery,
      answer: "application/octet-stream",
      handle({ query }) {
        const { path, file } = find(query);
        return new Response(Bun.file(path), {
          headers: {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": `attachment; filename="${file}"`,
          },
        });
      },
    }),
    route({
      method: "GET",
      path: "/agent/binary.sha256",
      access: "public",
      summary: "SHA-256 of that executable, in the form sha256sum checks",
      query: platformQuery,
      answer: "text/plain",
      async handle({ query }) {
        const { path, file } = find(query);
        return new Response(`${await sha256(path)}  ${file}\n`);
      },
    }),
  ];
}

/** SHA-256 of files, hex. Anybody may ask, so each hundred megabytes are read once, and again only when they changed. */
function createFileHashes(): (path: string) => Promise<string> {
  const known = new Map<string, { state: string; hash: Promise<string> }>();
  return async (path) => {
    const { mtimeMs, size, ino } = statSync(path);
    const state = `${mtimeMs} ${size} ${ino}`;
    const before = known.get(path);
    if (before?.state === state) return before.hash;
    const hash = hashFile(path);
    known.set(path, { state, hash });
    hash.catch(() => known.delete(path));
    return hash;
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** The operator's own file wins over those of the release. */
function findAgent(deps: AgentFilesDeps, { os, arch }: PlatformQuery) {
  const platform = `${os}-${arch}`;
  if (!platforms.includes(platform)) throw new AppError("platform_unknown");
  const file = `restic-manager-agent${os === "windows" ? ".exe" : ""}`;
  const override = join(deps.dataDir, "agents", platform, file);
  const here = dirname(deps.executable);
  const candidates = [override, join(here, "..", platform, file)];
  if (platform === `${build.os}-${build.arch}`) {
    candidates.push(join(here, file));
  }
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new AppError("agent_binary_missing", {
      message: `This server has no agent for ${platform}; put ${file} into agents/${platform} of its data directory.`,
    });
  }
  return { path, file };
}
