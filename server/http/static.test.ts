import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { chooseEncoding, createStaticFiles } from "./static.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-ui-"));
afterAll(() => rmSync(dir, { recursive: true }));
mkdirSync(join(dir, "assets"));
for (const [name, content] of [
  ["index.html", "shell"],
  ["index.html.br", "shell in brotli"],
  ["assets/app-1a2b.js", "code"],
  ["assets/app-1a2b.js.br", "code in brotli"],
  ["assets/app-1a2b.js.gz", "code in gzip"],
] as const) {
  writeFileSync(join(dir, name), content);
}
writeFileSync(
  join(dir, "manifest.json"),
  JSON.stringify({
    files: [
      {
        path: "index.html",
        contentType: "text/html; charset=utf-8",
        immutable: false,
        encodings: ["br"],
        sha256: "a".repeat(64),
      },
      {
        path: "assets/app-1a2b.js",
        contentType: "text/javascript",
        immutable: true,
        encodings: ["br", "gzip"],
        sha256: "b".repeat(64),
      },
    ],
  }),
);
const { request } = createTestApi(createTestWorld(), {
  files: createStaticFiles(dir),
});

test("the shell is served for every page and revalidated each time [PKG-03]", async () => {
  for (const path of ["/", "/hosts/h1", "/bootstrap?token=x", "/assetsx"]) {
    const response = await request(path);
    expect(await response.text()).toBe("shell");
    expect(response.headers.get("Cache-Control")).toBe("no-cache");
    expect(response.headers.get("Content-Type")).toBe(
      "text/html; charset=utf-8",
    );
  }
});

test("a hashed file is cached for ever and sent as the browser likes it best [PKG-03]", async () => {
  const get = (accept: string) =>
    request("/assets/app-1a2b.js", { headers: { "Accept-Encoding": accept } });
  const best = await get("gzip, deflate, br");
  expect(await best.text()).toBe("code in brotli");
  expect(best.headers.get("Content-Encoding")).toBe("br");
  expect(best.headers.get("Cache-Control")).toBe(
    "public, max-age=31536000, immutable",
  );
  expect(best.headers.get("Vary")).toBe("Accept-Encoding");

  const plain = await get("identity");
  expect(await plain.text()).toBe("code");
  expect(plain.headers.get("Content-Encoding")).toBeNull();
  expect(plain.headers.get("ETag")).not.toBe(best.headers.get("ETag"));
});

test("what the browser has already is not sent again", async () => {
  const first = await request("/");
  const etag = first.headers.get("ETag") ?? "";
  expect(etag).toMatch(/^"[^"]+"$/);
  const again = await request("/", { headers: { "If-None-Match": etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});

test("HEAD tells the length without the body", async () => {
  const response = await request("/", { method: "HEAD" });
  expect(response.headers.get("Content-Length")).toBe("5");
  expect(await response.text()).toBe("");
});

test("under /assets what is not there is 404, and nothing outside is served [PKG-03]", async () => {
  for (const path of [
    "/assets/app-0000.js",
    "/assets/..%2findex.html",
    "/assets",
  ]) {
    expect((await request(path)).status).toBe(404);
  }
  expect((await request("/", { method: "POST" })).status).toBe(404);
});

test("the encoding with the highest weight wins, the better one among equals", () => {
  const all = ["br", "zstd", "gzip"] as const;
  expect(chooseEncoding("gzip, zstd, br", all)).toBe("br");
  expect(chooseEncoding("gzip, zstd", all)).toBe("zstd");
  expect(chooseEncoding("br;q=0.5, gzip;q=0.9", all)).toBe("gzip");
  expect(chooseEncoding("br;q=0, *;q=0.1", all)).toBe("zstd");
  expect(chooseEncoding("deflate", all)).toBe("identity");
  expect(chooseEncoding("", all)).toBe("identity");
  expect(chooseEncoding("br;q=nonsense", all)).toBe("identity");
});
