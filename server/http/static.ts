import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { AppError } from "../app-error.ts";
import type { HttpEnv } from "./http-env.ts";

const suffixes = { br: ".br", zstd: ".zst", gzip: ".gz" } as const;

type Encoding = keyof typeof suffixes;

/** Best first. */
const encodings = Object.keys(suffixes) as Encoding[];

const manifest = z.object({
  files: z.array(
    z.object({
      path: z.string(),
      contentType: z.string(),
      immutable: z.boolean(),
      encodings: z.array(z.enum(["br", "zstd", "gzip"])),
      sha256: z.string(),
    }),
  ),
});

interface StaticFile {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly sha256: string;
  readonly bodies: ReadonlyMap<Encoding | "identity", Uint8Array<ArrayBuffer>>;
}

const shellPath = "index.html";

/**
 * Serves the dashboard from memory, compressed when it was built. Paths without a file are pages of the dashboard and
 * get the shell, except under /assets and /api, where nothing else can be meant than what is not there.
 *
 * @param dir holds `manifest.json` and the files it lists
 */
export function createStaticFiles(dir: string): MiddlewareHandler<HttpEnv> {
  const files = loadFiles(dir);
  return async (c) => {
    const { method, path } = c.req;
    if (method !== "GET" && method !== "HEAD") throw new AppError("not_found");
    const file =
      files.get(path.slice(1)) ??
      (isPage(path) ? files.get(shellPath) : undefined);
    if (file === undefined) throw new AppError("not_found");
    return respond(file, c.req.raw.headers, method);
  };
}

function loadFiles(dir: string): ReadonlyMap<string, StaticFile> {
  const text = readFileSync(join(dir, "manifest.json"), "utf8");
  const { files } = manifest.parse(JSON.parse(text));
  const read = (path: string) => new Uint8Array(readFileSync(join(dir, path)));
  return new Map(
    files.map((file) => [
      file.path,
      {
        contentType: file.contentType,
        sha256: file.sha256,
        cacheControl: file.immutable
          ? "public, max-age=31536000, immutable"
          : "no-cache",
        bodies: new Map<Encoding | "identity", Uint8Array<ArrayBuffer>>([
          ["identity", read(file.path)],
          ...file.encodings.map(
            (name) => [name, read(file.path + suffixes[name])] as const,
          ),
        ]),
      },
    ]),
  );
}

function isPage(path: string): boolean {
  return !/^\/(assets|api|agent|install|nats)(\/|$)/.test(path);
}

function respond(file: StaticFile, asked: Headers, method: string): Response {
  const encoding = chooseEncoding(
    asked.get("accept-encoding") ?? "",
    encodings.filter((name) => file.bodies.has(name)),
  );
  const headers = new Headers({
    "Content-Type": file.contentType,
    "Cache-Control": file.cacheControl,
    ETag: `"${file.sha256.slice(0, 32)}-${encoding}"`,
    Vary: "Accept-Encoding",
  });
  const known = asked.get("if-none-match")?.split(/\s*,\s*/) ?? [];
  if (known.includes(headers.get("ETag") ?? "")) {
    return new Response(null, { status: 304, headers });
  }
  if (encoding !== "identity") headers.set("Content-Encoding", encoding);
  const body = file.bodies.get(encoding) ?? new Uint8Array();
  headers.set("Content-Length", String(body.length));
  return new Response(method === "HEAD" ? null : body, { headers });
}

/** The accepted encoding with the highest q-value; among equals the first of `available`. */
export function chooseEncoding(
  accept: string,
  available: readonly Encoding[],
): Encoding | "identity" {
  const weights = new Map(
    accept.split(",").map((part) => {
      const [name = "", ...parameters] = part.trim().toLowerCase().split(";");
      const q = parameters.find((p) => p.trim().startsWith("q="));
      return [name.trim(), q === undefined ? 1 : Number(q.trim().slice(2))];
    }),
  );
  const weightOf = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
  let best: Encoding | "identity" = "identity";
  let bestWeight = 0;
  for (const name of available) {
    if (weightOf(name) > bestWeight) {
      best = name;
      bestWeight = weightOf(name);
    }
  }
  return best;
}
