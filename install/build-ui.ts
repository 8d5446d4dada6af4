/**
 * Builds the dashboard into dist/ui and makes it ready to be embedded: every
 * text file compressed three ways, everything listed in manifest.json.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { dist, root } from "./lib/paths.ts";
import { must } from "./lib/run.ts";
import { main, say } from "./lib/step.ts";

const encodings = [
  { name: "br", suffix: ".br" },
  { name: "zstd", suffix: ".zst" },
  { name: "gzip", suffix: ".gz" },
] as const;

type Encoding = (typeof encodings)[number];

const contentTypes: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  woff2: "font/woff2",
};

/** Already compressed inside; a second time costs the browser and saves nothing. */
const incompressible = new Set(["png", "woff2"]);

const extension = (path: string): string =>
  path.slice(path.lastIndexOf(".") + 1);

const compress = (body: Buffer, encoding: Encoding): Uint8Array => {
  if (encoding.name === "gzip") return gzipSync(body, { level: 9 });
  if (encoding.name === "zstd")
    return Bun.zstdCompressSync(body, { level: 19 });
  return brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  });
};

/** The policy the server sends forbids what these would find; better here than in a browser. */
const refuseInline = (html: string): void => {
  const inlineScript = /<script(?![^>]*\ssrc=)[^>]*>/i.exec(html);
  const inlineStyle = /<style[\s>]|\sstyle="/i.exec(html);
  const handler = /\son[a-z]+="/i.exec(html);
  const found = inlineScript ?? inlineStyle ?? handler;
  if (found !== null)
    throw new Error(`index.html breaks the content policy: ${found[0].trim()}`);
};

const describe = (ui: string, path: string) => {
  const type = contentTypes[extension(path)];
  if (type === undefined)
    throw new Error(`install/build-ui.ts knows no content type for ${path}`);
  const immutable = path.startsWith("assets/");
  if (immutable && !/-[A-Za-z0-9]{8,}\.[a-z0-9]+$/.test(path))
    throw new Error(
      `${path} has no hash in its name but would be cached for ever`,
    );
  const body = readFileSync(join(ui, path));
  const wanted = incompressible.has(extension(path)) ? [] : encodings;
  for (const encoding of wanted) {
    const packed = join(ui, path + encoding.suffix);
    if (!existsSync(packed)) writeFileSync(packed, compress(body, encoding));
  }
  return {
    path,
    contentType: type,
    immutable,
    encodings: wanted.map(({ name }) => name),
    sha256: createHash("sha256").update(body).digest("hex"),
  };
};

await main(async () => {
  const ui = join(dist, "ui");
  await must(process.execPath, ["web-components/build.ts", ui], { cwd: root });
  refuseInline(readFileSync(join(ui, "index.html"), "utf8"));
  const files = readdirSync(ui, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ui.length + 1))
    .filter((path) => !encodings.some(({ suffix }) => path.endsWith(suffix)))
    .sort()
    .map((path) => describe(ui, path));
  writeFileSync(join(ui, "manifest.json"), `${JSON.stringify({ files })}\n`);
  say(`dashboard: ${files.length} files in dist/ui`);
  return 0;
});
