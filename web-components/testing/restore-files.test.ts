import type { SnapshotIndex } from "@restic-manager/shared/api/trees.ts";
import { describe, expect, test } from "bun:test";
import { entry, readyIndex } from "./fixture-trees.ts";
import { before, item, newest, next, of, wiki } from "./restore-parts.ts";
import { restorePath } from "./restore-screens.ts";
import { useStage } from "./stage.ts";
import { seededWorld, type World } from "./world.ts";

const stage = useStage();

function withFiles(files: World["files"]): World {
  return { ...seededWorld(), files };
}

describe("the tree [RTR-01]", () => {
  const files = Array.from({ length: 10_000 }, (_, n) =>
    entry(`photo-${String(n).padStart(5, "0")}.jpg`, { s: 1000 }),
  );

  test("holds a folder of 10,000 files, of which the lines in sight are drawn", () =>
    stage.play(
      withFiles({ "/": files }),
      restorePath({ step: "files" }),
      async ({ page }) => {
        await item(page, /^photo-00000/).waitFor();
        const tree = page.getByRole("tree");
        for (let read = 1000; read < 10_000; read += 1000) {
          await tree.press("End");
          await item(page, new RegExp(`^photo-0*${read}`)).waitFor();
        }
        await tree.press("End");
        await item(page, /^photo-09999/).waitFor();
        expect(await page.getByRole("treeitem").count()).toBeLessThan(80);
        expect(
          await item(page, /^photo-09999/).getAttribute("aria-setsize"),
        ).toBe("10000");
        await tree.press(" ");
        await page.getByText("1 kB, 1 file").waitFor();
      },
    ));

  test("a file left out of a chosen folder leaves the others chosen", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "files", path: "/srv/shop/config" }),
      async ({ page }) => {
        await item(page, /^config/)
          .locator(".twist")
          .click();
        await item(page, /^secrets.age/)
          .locator(".box")
          .click();
        await page.getByText("5.1 kB, 2 files").waitFor();
        expect(await item(page, /^config/).getAttribute("aria-checked")).toBe(
          "mixed",
        );
        expect(new URL(page.url()).searchParams.getAll("path")).toEqual([
          "/srv/shop/config/app.toml",
          "/srv/shop/config/routes.toml",
        ]);
        await page.getByLabel("Everything").check();
        await page.getByText("41,882 files").first().waitFor();
      },
    ));

  test("names are shown as they are, whatever is in them", () =>
    stage.play(
      withFiles({
        "/": [
          entry("-rf --no-preserve-root"),
          entry('two\nlines "quoted"'),
          entry("<img src=x onerror=alert(1)>"),
          entry("invoice\u202Egpj.exe"),
          entry("naïve 🎁.txt"),
          entry("bad \uFFFD name"),
          entry("long".repeat(1000)),
          entry("out", { t: "symlink", l: "../../../etc/shadow" }),
        ],
      }),
      restorePath({ step: "files" }),
      async ({ page, complaints }) => {
        await item(page, /^two‹000A›lines "quoted"/).waitFor();
        for (const name of [
          /^-rf --no-preserve-root/,
          /^<img src=x onerror=alert\(1\)>/,
          /^invoice‹202E›gpj.exe/,
          /^naïve 🎁.txt/,
          /^bad \uFFFD name/,
          /^out link/,
        ])
          expect(await item(page, name).count()).toBe(1);
        await item(page, /^two/).locator(".box").click();
        await page.getByLabel('Leave out /two‹000A›lines "quoted"').waitFor();
        expect(complaints).toEqual([]);
      },
    ));

  test("a folder that is alone in its folder opens by itself", () =>
    stage.play(
      withFiles({
        "/": [entry("home", { t: "dir" })],
        "/home": [entry("ada", { t: "dir" })],
        "/home/ada": [entry("photos", { t: "dir" }), entry("notes.txt")],
      }),
      restorePath({ step: "files" }),
      async ({ page }) => {
        await item(page, /^notes.txt/).waitFor();
        expect(await item(page, /^photos/).getAttribute("aria-expanded")).toBe(
          "false",
        );
      },
    ));

  test("finds by a part of the name, and opens what it found in its place", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "files" }),
      async ({ page }) => {
        const field = page.getByPlaceholder("Find in this snapshot");
        await field.fill("WIKI");
        await page.getByText("2 names found").waitFor();
        await item(page, /^\/srv\/wiki\/wiki.sqlite/)
          .locator(".box")
          .click();
        await page.getByText("189 MB, 1 file").waitFor();
        await item(page, /^\/srv\/wiki folder/).click();
        await item(page, /^wiki.sqlite/).waitFor();
        expect(await field.inputValue()).toBe("");
        expect(await item(page, /^srv/).getAttribute("aria-expanded")).toBe(
          "true",
        );
      },
    ));
});

describe("the index of a snapshot", () => {
  const indexing: SnapshotIndex = {
    ...readyIndex,
    state: "indexing",
    trees: 40,
    files: null,
    bytes: null,
    indexed_at: null,
  };

  test("is asked for when there is none, with its progress, until it is there", () =>
    stage.play(
      {
        ...seededWorld(),
        indexes: { [newest.id]: { ...indexing, state: "none" } },
      },
      restorePath({ step: "files", ...wiki }),
      async ({ page, server }) => {
        await page.getByText("0 folders so far").waitFor();
        server.world.indexes[newest.id] = indexing;
        await page.getByText("40 folders so far").waitFor();
        server.world.indexes = {};
        await item(page, /^wiki/).waitFor();
        expect(server.sent.map(({ path }) => path)).toEqual([`${of}/index`]);
      },
    ));

  test("that cannot be made says why, and can be tried again", () =>
    stage.play(
      {
        ...seededWorld(),
        indexes: { [newest.id]: { ...indexing, state: "none" } },
      },
      restorePath({ step: "files" }),
      async ({ page, server }) => {
        const again = page.getByRole("button", { name: "Try again" });
        await again.waitFor();
        server.world.indexes = {};
        await again.click();
        await item(page, /^srv/).waitFor();
      },
      {
        prepare: (server) =>
          server.refuse(`POST ${of}/index`, {
            status: 503,
            code: "host_offline",
            message: "The host is offline; nothing was queued.",
          }),
      },
    ));

  test("of a snapshot that was forgotten between two steps leads back to the others", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "files" }),
      async ({ page, server }) => {
        const folder = item(page, /^srv/).locator(".twist");
        await folder.waitFor();
        server.refuse(`GET ${of}/tree`, {
          status: 404,
          code: "snapshot_not_found",
        });
        await folder.click();
        await page.getByText("This snapshot is gone").waitFor();
        await next(page, "Back").click();
        await page.getByRole("radio", { name: before.short_id }).check();
        await next(page, "Choose files").click();
        await item(page, /^srv/).waitFor();
      },
    ));
});
