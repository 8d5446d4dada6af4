import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { restoreCheck } from "./fixture-restores.ts";
import { id } from "./moments.ts";
import { before, item, newest, next, of, step, wiki } from "./restore-parts.ts";
import { restorePath } from "./restore-screens.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary");

describe("steps [RTR-02]", () => {
  test("enable in order, from a deep link to the job", () =>
    stage.play(seededWorld(), restorePath(), async ({ page, server }) => {
      const chosen = page.getByRole("radio", { name: newest.short_id });
      await chosen.waitFor();
      expect(await chosen.isChecked()).toBe(true);
      expect(await step(page, "Files").isEnabled()).toBe(true);
      expect(await step(page, "Destination").isDisabled()).toBe(true);
      await next(page, "Choose files").click();
      await item(page, /^srv/).locator(".twist").click();
      expect(await next(page, "Choose destination").isDisabled()).toBe(true);
      await item(page, /^wiki/).locator(".box").click();
      await page.getByText("189 MB, 1 file").waitFor();
      await next(page, "Choose destination").click();
      await page.getByLabel("Paths below it").selectOption("/srv");
      await page.getByText("$HOME/rm-restore/<job-id>/wiki").waitFor();
      await next(page, "Review").click();
      await page.getByText("189 MB needed, 84 GB free.").waitFor();
      await next(page, "Restore").click();
      await page.waitForURL(`**/jobs/${id("NEWRESTORE")}`);
      const body = {
        host_id: host.id,
        paths: ["/srv/wiki"],
        target: {
          mode: "new_directory",
          path: "$HOME/rm-restore/<job-id>",
        },
        overwrite: "if-changed",
        strip: "/srv",
      };
      expect(server.sent.map(({ path, body: sent }) => [path, sent])).toEqual([
        [`${of}/restore/check`, body],
        [`${of}/restore`, body],
      ]);
    }));

  test("the address holds everything, and back goes to the step before", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "files", ...wiki }),
      async ({ page }) => {
        await item(page, /^wiki/).waitFor();
        await next(page, "Choose destination").click();
        await page.getByRole("radio", { name: "Another host" }).check();
        await page
          .getByLabel("Host", { exact: true })
          .selectOption({ label: "nas-01" });
        await page.getByRole("textbox", { name: "Folder" }).fill("/srv/back");
        await next(page, "Review").click();
        await page
          .getByRole("heading", { name: "Restore to nas-01" })
          .waitFor();
        await page.reload();
        await page
          .getByRole("heading", { name: "Restore to nas-01" })
          .waitFor();
        await page.getByText("/srv/back").waitFor();
        await page.goBack();
        expect(
          await page.getByRole("textbox", { name: "Folder" }).inputValue(),
        ).toBe("/srv/back");
        await page.goBack();
        await page.getByText("189 MB, 1 file").waitFor();
      },
    ));

  test("a refused restore keeps every input", () =>
    stage.play(
      seededWorld(),
      restorePath({
        step: "target",
        mode: "in_place",
        overwrite: "always",
        ...wiki,
      }),
      async ({ page, server }) => {
        server.refuse(`POST ${of}/restore`, {
          status: 409,
          code: "restore_refused",
          message: "Another restore writes to this host.",
        });
        await next(page, "Review").click();
        const name = page.getByLabel("Type pg-primary to go on");
        await name.fill("pg-primary");
        await next(page, "Restore").click();
        await page.getByText("Another restore writes to this host.").waitFor();
        expect(await name.inputValue()).toBe("pg-primary");
        await page.getByText("Replace every file").waitFor();
        server.refuse(`POST ${of}/restore`, null);
        await next(page, "Restore").click();
        await page.waitForURL("**/jobs/*");
      },
    ));

  test("a field that the server refuses is said at the field", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "target", folder: "C:\\back", ...wiki }),
      async ({ page, server }) => {
        server.refuse(`POST ${of}/restore/check`, {
          status: 400,
          code: "invalid_request",
          fields: {
            "target.path": { code: "invalid", message: "Not on this host." },
          },
        });
        await next(page, "Review").click();
        await page.getByText("Not on this host.").waitFor();
        const folder = page.getByRole("textbox", { name: "Folder" });
        expect(await folder.inputValue()).toBe("C:\\back");
        expect(await folder.evaluate((field) => field.matches(":focus"))).toBe(
          true,
        );
      },
    ));

  test("folders with other variables are refused before they are sent [RTR-03]", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "target", folder: "/srv/$PATH", ...wiki }),
      async ({ page, server }) => {
        await next(page, "Review").click();
        await page.getByText("Only $HOME is filled in").waitFor();
        expect(server.sent).toEqual([]);
      },
    ));
});

test("from the snapshot to the job by keyboard alone [UI-08]", () =>
  stage.play(seededWorld(), restorePath(), async ({ page, server }) => {
    const { keyboard } = page;
    const press = async (...keys: string[]) => {
      for (const key of keys) await keyboard.press(key);
    };
    await page.getByRole("gridcell", { selected: true }).focus();
    await press("ArrowLeft", "Enter");
    await page
      .getByRole("radio", { name: before.short_id, checked: true })
      .waitFor();
    await next(page, "Choose files").focus();
    await press("Enter");
    await item(page, /^srv/).waitFor();
    await page.getByRole("tree").focus();
    await press("End", "ArrowRight");
    await item(page, /^wiki/).waitFor();
    await press("ArrowRight", "w", "ArrowRight");
    await item(page, /^wiki.sqlite/).waitFor();
    await press("ArrowDown", " ");
    await page.getByText("189 MB, 1 file").waitFor();
    // Back to the folder, and closed.
    await press("ArrowLeft", "ArrowLeft");
    await item(page, /^wiki.sqlite/).waitFor({ state: "detached" });
    await press("Home");
    expect(
      await page.getByRole("tree").getAttribute("aria-activedescendant"),
    ).toBe("line-0");
    await next(page, "Choose destination").focus();
    await press("Enter");
    await page.getByRole("radio", { name: "New folder" }).focus();
    await press("ArrowDown");
    await next(page, "Review").focus();
    await press("Enter");
    await page.getByLabel("Type pg-primary to go on").focus();
    await keyboard.type("pg-primary");
    await next(page, "Restore").focus();
    await press("Enter");
    await page.waitForURL("**/jobs/*");
    expect(server.sent.at(-1)?.body).toMatchObject({
      paths: ["/srv/wiki/wiki.sqlite"],
      target: { mode: "in_place" },
      confirm: "pg-primary",
    });
    expect(server.sent.at(-1)?.path).toContain(before.id);
  }));

describe("before anything is written", () => {
  test("going back in place needs the typed name, and says what would be replaced [RTR-04]", () =>
    stage.play(
      {
        ...seededWorld(),
        restoreCheck: restoreCheck({
          target: null,
          target_state: "not_empty",
          sets_owners: false,
          dry_run: {
            restored: 0,
            updated: 1,
            unchanged: 3,
            bytes: 12,
            overwritten: ["/srv/wiki/wiki.sqlite"],
          },
        }),
      },
      restorePath({ step: "review", mode: "in_place", ...wiki }),
      async ({ page, server }) => {
        await page.getByText("1 file that would be replaced").click();
        await page.getByText("/srv/wiki/wiki.sqlite").waitFor();
        await page.getByText("does not run as root").waitFor();
        const restore = next(page, "Restore");
        expect(await restore.isDisabled()).toBe(true);
        await page.getByLabel("Type pg-primary to go on").fill("pg-secondary");
        expect(await restore.isDisabled()).toBe(true);
        server.refuse(`POST ${of}/restore`, {
          status: 409,
          code: "name_mismatch",
          message: "The typed name is not the name of this host.",
        });
        await page.getByLabel("Type pg-primary to go on").fill("pg-primary");
        await restore.click();
        await page.getByText("The typed name is not").first().waitFor();
      },
    ));

  test("of what goes back every path is named, and nothing is replaced where nothing is in the way [RTR-04]", () =>
    stage.play(
      seededWorld(),
      `${restorePath({ step: "review", mode: "in_place", ...wiki })}&path=%2Fetc`,
      async ({ page }) => {
        await page.getByText("This adds files on pg-primary.").waitFor();
        const summary = page.getByRole("region", { name: "Summary" });
        for (const chosen of ["/srv/wiki", "/etc"])
          await summary.getByText(chosen, { exact: true }).waitFor();
      },
    ));

  test("another host gets the files below a folder, and the page says how access is taken back [RTR-07]", () =>
    stage.play(
      {
        ...seededWorld(),
        restoreCheck: restoreCheck({ revocation: "temporary_key" }),
      },
      restorePath({
        step: "review",
        mode: "other",
        to: hostDetail("nas-01").id,
        folder: "/srv/back",
        strip: "/srv/wiki",
        ...wiki,
      }),
      async ({ page, server }) => {
        await page.getByText("temporary key of the repository").waitFor();
        server.world.restoreCheck = restoreCheck({
          revocation: "forgotten_only",
        });
        await page.getByRole("button", { name: "Check again" }).click();
        await page.getByText("it cannot be taken back").waitFor();
        await page.getByLabel("Type nas-01 to go on").fill("nas-01");
        await next(page, "Restore").click();
        await page.waitForURL("**/jobs/*");
        expect(server.sent.at(-1)?.body).toEqual({
          host_id: hostDetail("nas-01").id,
          paths: ["/srv/wiki"],
          target: { mode: "new_directory", path: "/srv/back" },
          overwrite: "if-changed",
          strip: "/srv/wiki",
          confirm: "nas-01",
        });
      },
    ));

  test("what the host cannot do is said, and does not start", () =>
    stage.play(
      {
        ...seededWorld(),
        restoreCheck: restoreCheck({
          target_state: "not_writable",
          space_free: 1000,
        }),
      },
      restorePath({ step: "review", ...wiki }),
      async ({ page }) => {
        await page.getByText("may not write to").waitFor();
        await page.getByText("but only 1 kB are free").waitFor();
        expect(await next(page, "Restore").isDisabled()).toBe(true);
      },
    ));

  test("a check that fails says why, and is asked again", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "review", ...wiki }),
      async ({ page, server }) => {
        await page.getByText("The host is offline").waitFor();
        server.refuse(`POST ${of}/restore/check`, null);
        await page.getByRole("button", { name: "Check again" }).click();
        await page.getByText("189 MB needed").waitFor();
      },
      {
        prepare: (server) =>
          server.refuse(`POST ${of}/restore/check`, {
            status: 503,
            code: "host_offline",
            message: "The host is offline; nothing was queued.",
          }),
      },
    ));
});

describe("a download [DIF-01]", () => {
  async function hrefOf(page: Page): Promise<URL> {
    const link = page.locator(".foot").getByRole("link", { name: "Download" });
    return new URL((await link.getAttribute("href")) ?? "", page.url());
  }

  test("is the file as it is, a folder as zip or tar, several paths as tar", () =>
    stage.play(
      seededWorld(),
      restorePath({ step: "files", path: "/srv/wiki/wiki.sqlite" }),
      async ({ page, server }) => {
        await item(page, /^wiki.sqlite/).waitFor();
        await next(page, "Choose destination").click();
        await page.getByRole("radio", { name: "Download" }).check();
        await next(page, "Review").click();
        const file = await hrefOf(page);
        expect(file.pathname).toBe(`${of}/download`);
        expect(file.search).toBe(
          "?path=%2Fsrv%2Fwiki%2Fwiki.sqlite&format=raw",
        );
        await step(page, "Files").click();
        await item(page, /^wiki folder/)
          .locator(".box")
          .click();
        await step(page, "Destination").click();
        await page.getByText("zip", { exact: true }).click();
        await next(page, "Review").click();
        expect((await hrefOf(page)).search).toBe(
          "?path=%2Fsrv%2Fwiki&format=zip",
        );
        await step(page, "Files").click();
        await item(page, /^etc/).locator(".box").click();
        await step(page, "Review").click();
        expect((await hrefOf(page)).search).toBe(
          "?path=%2Fsrv%2Fwiki&path=%2Fetc&format=tar",
        );
        expect(server.sent).toEqual([]);
      },
    ));

  test("needs a host that is there", () =>
    stage.play(
      {
        ...seededWorld(),
        hosts: seededWorld().hosts.map((of) =>
          of.id === host.id ? { ...of, online: false } : of,
        ),
      },
      restorePath({ step: "review", mode: "download", ...wiki }),
      async ({ page }) => {
        await page.getByText("has to stream the files").waitFor();
        expect(await next(page, "Download").isDisabled()).toBe(true);
      },
    ));
});

describe("by role", () => {
  test("a viewer who edits the address gets nothing to see", () =>
    stage.play(
      { ...seededWorld(), session: userSession("viewer") },
      restorePath({ step: "files" }),
      async ({ page, server }) => {
        await page.getByText("Your role may not look into").waitFor();
        expect(await page.getByRole("link", { name: "Restore" }).count()).toBe(
          0,
        );
        expect(server.sent).toEqual([]);
      },
    ));

  test("an operator restores, but not across hosts", () =>
    stage.play(
      { ...seededWorld(), session: userSession("operator") },
      restorePath({ step: "target", mode: "other", ...wiki }),
      async ({ page }) => {
        await page
          .getByRole("radio", { name: "New folder", checked: true })
          .waitFor();
        expect(
          await page.getByRole("radio", { name: "Another host" }).count(),
        ).toBe(0);
      },
    ));
});
