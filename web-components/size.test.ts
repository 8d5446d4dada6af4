import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildUi } from "./build.ts";

const kB = 1000;
const firstRoute = 45 * kB;
const anyRoute = 25 * kB;
/** Restoring and comparing are pages of their own, with a tree and a calendar; nobody loads them before they are wanted. */
const allRoutes = 174 * kB;

let outdir: string;
let assets: string;

beforeAll(async () => {
  outdir = mkdtempSync(join(tmpdir(), "rm-size-"));
  assets = join(outdir, "assets");
  await buildUi(outdir);
});

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function scripts(): string[] {
  return readdirSync(assets).filter((name) => name.endsWith(".js"));
}

function source(name: string): string {
  return readFileSync(join(assets, name), "utf8");
}

function imports(name: string, pattern: RegExp): string[] {
  return [...source(name).matchAll(pattern)].map((match) => match[1] ?? "");
}

/** The files that a browser loads for `name`: itself and what it imports at once. */
function loadedWith(name: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  for (const next of imports(name, /(?:from|import)"\.\/([^"]+)"/g))
    loadedWith(next, loaded);
  return loaded;
}

function brotliSize(names: Iterable<string>): number {
  return [...names].reduce(
    (sum, name) => sum + statSync(join(assets, `${name}.br`)).size,
    0,
  );
}

function entry(): string {
  return (
    /src="\/assets\/(main-[^"]+)"/.exec(
      readFileSync(join(outdir, "index.html"), "utf8"),
    )?.[1] ?? ""
  );
}

/** Names of the page elements → the chunk that a route loads for them. */
function routeChunks(): Map<string, string> {
  const chunks = new Map<string, string>();
  for (const script of scripts()) {
    for (const chunk of imports(script, /import\("\.\/([^"]+)"\)/g)) {
      const element = /"(rm-(?:page-[a-z-]+|accept))"\)/.exec(
        [...loadedWith(chunk)].map(source).join("\n"),
      )?.[1];
      chunks.set(element ?? chunk, chunk);
    }
  }
  return chunks;
}

test("the first route is at most 45 kB of JavaScript in brotli", () => {
  const fleet = routeChunks().get("rm-page-fleet");
  expect(fleet).toBeDefined();
  const size = brotliSize(
    new Set([...loadedWith(entry()), ...loadedWith(fleet!)]),
  );
  console.log(`first route: ${(size / kB).toFixed(1)} kB`);
  expect(size).toBeLessThanOrEqual(firstRoute);
});

test("no route adds more than 25 kB", () => {
  const shell = loadedWith(entry());
  const routes = [...routeChunks()];
  expect(routes.length).toBeGreaterThanOrEqual(8);
  for (const [element, chunk] of routes) {
    const size = brotliSize(
      [...loadedWith(chunk)].filter((name) => !shell.has(name)),
    );
    console.log(`${element}: ${(size / kB).toFixed(1)} kB`);
    expect(size).toBeLessThanOrEqual(anyRoute);
  }
});

test("all routes together are at most 174 kB", () => {
  const size = brotliSize(scripts());
  console.log(`all routes: ${(size / kB).toFixed(1)} kB`);
  expect(size).toBeLessThanOrEqual(allRoutes);
});

test("every file but the page itself is named by its content, and compressed where that helps", () => {
  const names = readdirSync(assets);
  for (const name of names) {
    expect(name).toMatch(/-[0-9a-z]{8,}\.(js|css|svg|woff2)(\.br|\.gz)?$/);
    if (/\.(js|css|svg)$/.test(name)) expect(names).toContain(`${name}.br`);
  }
  expect(source(entry())).not.toContain("Lit is in dev mode");
});

test("the page holds no inline script or style, which the content policy would refuse", () => {
  const page = readFileSync(join(outdir, "index.html"), "utf8");
  expect(page).not.toMatch(/<style|style="|<script(?![^>]*\ssrc=)/);
  expect(page).not.toContain("{{");
});
