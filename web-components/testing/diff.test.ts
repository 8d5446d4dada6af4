import { expect, test } from "bun:test";
import {
  added,
  changed,
  diffPage,
  entry,
  readyIndex,
} from "./fixture-trees.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary").id;
const [newest, before] = seededWorld().snapshots;
const a = before!.id;
const b = newest!.id;
const path = `/diff?host=${host}&repository=${id("REPO")}&a=${a}&b=${b}`;

test("changes are folded by folder, and say what is different [DIF-01]", () =>
  stage.play(seededWorld(), path, async ({ page }) => {
    const grid = page.getByRole("treegrid", { name: "What changed" });
    await grid.getByRole("row", { name: /etc.*3 changed/ }).waitFor();
    expect(await grid.getByRole("row").count()).toBe(2);
    await grid.getByRole("row", { name: /etc/ }).click();
    await grid.getByText("permissions 100644 → 100600").waitFor();
    await grid.getByText(/4\.4\skB → 4\.8\skB/).waitFor();
    await grid.getByText("→ /usr/share/zoneinfo/Europe/Berlin").waitFor();
    await grid.getByRole("row", { name: /etc/ }).click();
    await grid.getByText("passwd").waitFor({ state: "detached" });
    expect(
      await page
        .getByRole("link", { name: "Download all changes" })
        .getAttribute("href"),
    ).toBe(
      `/api/repositories/${id("REPO")}/diff.ndjson?a=${a}&b=${b}&path=%2F`,
    );
  }));

test("the keys alone lead through all changes [DIF-01] [UI-13]", () =>
  stage.play(seededWorld(), path, async ({ page }) => {
    const grid = page.getByRole("treegrid");
    await grid.getByRole("row", { name: /etc/ }).focus();
    const at = () =>
      page.evaluate(
        () =>
          document.activeElement?.shadowRoot?.activeElement?.shadowRoot?.activeElement?.querySelector(
            "bdi",
          )?.textContent ?? "",
      );
    await page.keyboard.press("ArrowDown");
    expect(await at()).toBe("srv");
    await page.keyboard.press("ArrowRight");
    await grid.getByText("notes.txt").waitFor();
    await page.keyboard.press("ArrowRight");
    expect(await at()).toBe("wiki");
    await page.keyboard.press("Enter");
    await grid.getByText("page-12.md").waitFor();
    await page.keyboard.press("End");
    expect(await at()).toBe("notes.txt");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowLeft");
    expect(await at()).toBe("srv");
    await page.keyboard.press("ArrowLeft");
    await grid.getByText("notes.txt").waitFor({ state: "detached" });
    await page.keyboard.press("Home");
    expect(await at()).toBe("etc");
  }));

test("a file that is gone is brought back from the older snapshot, or downloaded [DIF-01] [RTR-07]", () =>
  stage.play(seededWorld(), path, async ({ page }) => {
    await page.getByRole("row", { name: /srv/ }).click();
    const gone = page.getByRole("row", { name: /notes\.txt/ });
    await gone.waitFor();
    const href = (name: string) =>
      gone.getByRole("link", { name }).getAttribute("href");
    const restore = new URL(
      (await href("Restore the older version of notes.txt")) ?? "",
      "http://x",
    ).searchParams;
    expect(restore.get("snapshot")).toBe(a);
    expect(restore.getAll("path")).toEqual(["/srv/notes.txt"]);
    expect(await href("Download the older version of notes.txt")).toBe(
      `/api/repositories/${id("REPO")}/snapshots/${a}/download?path=%2Fsrv%2Fnotes.txt&format=raw`,
    );
    const fresh = page.getByRole("row", { name: /quarterly figures/ });
    expect(await fresh.getByRole("link").count()).toBe(0);
  }));

test("what something was decides how its older version is downloaded, and a link is not [DIF-01]", () =>
  stage.play(
    {
      ...seededWorld(),
      diff: {
        "/": diffPage("/", [
          changed(entry("folder", { t: "dir" }), { t: "file" }),
          changed(entry("file"), { t: "dir" }),
          changed(entry("link", { t: "symlink", l: "a" }), { l: "b" }),
        ]),
      },
    },
    path,
    async ({ page }) => {
      const act = (name: string) => page.getByRole("link", { name });
      const download = (name: string) =>
        act(`Download the older version of ${name}`);
      const format = async (name: string) =>
        new URL(
          (await download(name).getAttribute("href")) ?? "",
          "http://x",
        ).searchParams.get("format");
      expect(await format("folder")).toBe("tar");
      expect(await format("file")).toBe("raw");
      await act("Restore the older version of link").waitFor();
      expect(await download("link").count()).toBe(0);
    },
  ));

test("a snapshot that nobody has listed is asked for once, and the page goes on when it is there [DIF-01] [SNP-02]", () =>
  stage.play(
    {
      ...seededWorld(),
      indexes: {
        [a]: { ...readyIndex, state: "none", trees: 0 },
      },
    },
    path,
    async ({ page, server }) => {
      await page.getByText(/Reading what is in/).waitFor();
      expect(server.sent.map(({ path: asked }) => asked)).toEqual([
        `/api/repositories/${id("REPO")}/snapshots/${a}/index`,
      ]);
      server.world.indexes[a] = {
        ...readyIndex,
        state: "indexing",
        trees: 311,
      };
      await page.clock.runFor(2100);
      await page.getByText("311 folders so far").waitFor();
      server.world.indexes[a] = readyIndex;
      await page.clock.runFor(2100);
      await page.getByRole("treegrid").waitFor();
      expect(server.sent).toHaveLength(1);
    },
    { fakeTimers: true },
  ));

test("an index that cannot be had says why, and can be asked for again [DIF-01]", () =>
  stage.play(
    {
      ...seededWorld(),
      indexes: { [b]: { ...readyIndex, state: "none" } },
    },
    path,
    async ({ page, server }) => {
      await page
        .getByText("The host is offline; nothing was queued.")
        .waitFor();
      server.refuse(
        `POST /api/repositories/${id("REPO")}/snapshots/${b}/index`,
        null,
      );
      server.world.indexes[b] = readyIndex;
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("treegrid").waitFor();
    },
    {
      prepare: (server) =>
        server.refuse(
          `POST /api/repositories/${id("REPO")}/snapshots/${b}/index`,
          {
            status: 503,
            code: "host_offline",
            message: "The host is offline; nothing was queued.",
          },
        ),
    },
  ));

test("other snapshots are chosen on the page, and stand in the address [DIF-01]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByRole("treegrid").waitFor();
    const third = server.world.snapshots[2]!.id;
    await page.getByLabel("From", { exact: true }).selectOption(third);
    await page.waitForURL((url) => url.searchParams.get("a") === third);
    await page.getByRole("button", { name: "Swap the two snapshots" }).click();
    await page.waitForURL((url) => url.searchParams.get("b") === third);
    expect(new URL(page.url()).searchParams.get("a")).toBe(b);
    expect(await page.getByLabel("To", { exact: true }).inputValue()).toBe(
      third,
    );
    await page.getByLabel("To", { exact: true }).selectOption(b);
    await page.getByText("Twice the same snapshot").waitFor();
  }));

test("that nothing changed is said, and a folder of thousands comes in parts [DIF-01]", () =>
  stage.play(
    {
      ...seededWorld(),
      diff: {
        "/": diffPage("/", []),
        "/many": {
          ...diffPage(
            "/many",
            Array.from({ length: 1500 }, (_, n) => added(entry(`file-${n}`))),
            { added: 1500 },
          ),
          complete: false,
        },
      },
    },
    `${path}&path=%2Fmany`,
    async ({ page }) => {
      const rows = page.getByRole("row");
      await page.getByText("Counting took too long").waitFor();
      await page.getByText("Show 1300 more").click();
      await page.getByText("Show 300 more").waitFor();
      expect(await rows.count()).toBe(1201);
      await page.getByRole("link", { name: "Show everything" }).click();
      await page.getByText("Nothing changed").waitFor();
    },
  ));

test("names that would hide or break something are shown by number [DIF-01]", () =>
  stage.play(
    {
      ...seededWorld(),
      diff: {
        "/": diffPage("/", [
          added(entry("a\nb")),
          added(entry("\u202egpj.exe")),
          added(entry("🌻 <b>bold</b>")),
        ]),
      },
    },
    path,
    async ({ page }) => {
      await page.getByText("a‹000A›b").waitFor();
      await page.getByText("‹202E›gpj.exe").waitFor();
      await page.getByText("🌻 <b>bold</b>").waitFor();
    },
  ));

test("a viewer who types the address is told, and nothing is asked [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    path,
    async ({ page, server, complaints }) => {
      await page.getByText("You cannot look into snapshots").waitFor();
      expect(server.sent).toEqual([]);
      expect(complaints).toEqual([]);
    },
  ));
