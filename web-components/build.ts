import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const fonts = {
  "geist-latin-wght-normal.woff2": "geist",
  "geist-latin-ext-wght-normal.woff2": "geist",
  "geist-mono-latin-wght-normal.woff2": "geist-mono",
} as const;

/**
 * Builds the dashboard into `outdir`, which is emptied first:
 * `index.html` (serve it `no-cache` for every page) and `assets/*` with hashed names (serve them `immutable`). Beside
 * each file that compresses lie `.br` and `.gz`.
 */
export async function buildUi(outdir: string): Promise<void> {
  const assets = join(outdir, "assets");
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(assets, { recursive: true });

  const urls = new Map<string, string>();
  const add = (name: string, content: Uint8Array | string): void => {
    const dot = name.lastIndexOf(".");
    const hash = createHash("sha256")
      .update(content)
      .digest("hex")
      .slice(0, 10);
    const hashed = `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
    write(join(assets, hashed), content);
    urls.set(name, `/assets/${hashed}`);
  };

  for (const [file, family] of Object.entries(fonts)) {
    add(
      file,
      readFileSync(packageFile(`@fontsource-variable/${family}/files/${file}`)),
    );
  }
  add("icon.svg", readFileSync(here("styles/icon.svg")));
  add(
    "tokens.css",
    withUrls(
      readFileSync(here("styles/tokens.css"), "utf8"),
      /"([^"]+\.woff2)"/g,
      urls,
    ),
  );

  // The theme script runs before the first paint: classic, so it is built apart from the modules.
  const boot = await bundle("boot.ts", { format: "iife" });
  add("boot.js", await boot[0]!.text());

  const modules = await bundle("main.ts", { format: "esm", splitting: true });
  for (const output of modules) {
    const name = output.path.replace(/^.*\//, "");
    write(join(assets, name), new Uint8Array(await output.arrayBuffer()));
    if (output.kind === "entry-point") urls.set("main.js", `/assets/${name}`);
  }

  write(
    join(outdir, "index.html"),
    withUrls(
      readFileSync(here("index.html"), "utf8"),
      /\{\{([^}]+)\}\}/g,
      urls,
    ),
  );
}

async function bundle(
  entry: string,
  options: { format: "esm" | "iife"; splitting?: boolean },
): Promise<Bun.BuildArtifact[]> {
  const result = await Bun.build({
    entrypoints: [here(entry)],
    target: "browser",
    minify: true,
    conditions: ["production"],
    // Without it Bun resolves packages to their development builds.
    define: { "process.env.NODE_ENV": '"production"' },
    naming: { entry: "[name]-[hash].[ext]", chunk: "chunk-[hash].[ext]" },
    ...options,
  });
  return result.outputs;
}

/** Replaces every file name that `pattern` captures by its URL; keeps what surrounds a quoted name. */
function withUrls(
  text: string,
  pattern: RegExp,
  urls: ReadonlyMap<string, string>,
): string {
  return text.replace(pattern, (all: string, name: string) => {
    const url = urls.get(name);
    if (url === undefined)
      throw new Error(`${name} is named in the page but not built`);
    return all.startsWith('"') ? `"${url}"` : url;
  });
}

function write(path: string, content: Uint8Array | string): void {
  writeFileSync(path, content);
  if (path.endsWith(".woff2")) return;
  writeFileSync(
    `${path}.br`,
    brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11 },
    }),
  );
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}

function packageFile(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier));
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

if (import.meta.main) {
  const outdir = process.argv[2];
  if (outdir === undefined)
    throw new Error("usage: bun web-components/build.ts <outdir>");
  await buildUi(outdir);
}
