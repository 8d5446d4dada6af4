import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { editedWorld } from "./editor-screens.ts";
import type { FixtureServer } from "./fixture-server.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, visitorSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary");
const list = `/hosts/${host.id}?tab=sources`;
const group = `/hosts/${host.id}/sources/${id("SOURCE")}`;
const schedule = `/hosts/${host.id}/schedules/${id("SCHEDULE")}`;

const paths = (page: Page) => page.getByLabel("Paths to back up");
const time = (page: Page) => page.getByLabel("At", { exact: true });
const button = (page: Page, name: string) => page.getByRole("button", { name });
const told = (page: Page) => page.getByText("Somebody else has changed");

/** Somebody else saves, in another browser. */
function theirs(
  { world, push }: FixtureServer,
  { live }: { live: boolean },
): void {
  world.sources = world.sources.map((one) => ({
    ...one,
    includes: ["/theirs"],
    revision: "2",
  }));
  world.schedules = world.schedules.map((one) => ({
    ...one,
    cron: "0 5 * * *",
    revision: "2",
  }));
  if (live)
    push("fleet", {
      type: "host.config",
      host_id: host.id,
      cfg_rev: 2,
      applied_cfg_rev: 1,
    });
}

test("what is typed in an editor is not dropped by a link, a menu or the way back without a question", () =>
  stage.play(seededWorld(), list, async ({ page }) => {
    await page.getByRole("link", { name: "Edit default" }).click();
    await paths(page).fill("/typed");
    const question = page.getByRole("dialog", {
      name: "Leave without saving?",
    });
    for (const go of [
      () => page.getByRole("link", { name: "Cancel" }).click(),
      () => page.getByRole("link", { name: "Jobs" }).first().click(),
      () => page.goBack(),
    ]) {
      await go();
      await button(page, "Stay").click();
      await question.waitFor({ state: "detached" });
      expect(new URL(page.url()).pathname).toBe(group);
      expect(await paths(page).inputValue()).toBe("/typed");
    }
    await page.goBack();
    await question.waitFor();
    await button(page, "Leave").click();
    await page.getByRole("link", { name: "Edit default" }).waitFor();
    expect(page.url()).toEndWith(list);
  }));

test("what is typed in hooks and settings of a host is not dropped by another tab of its page without a question", () =>
  stage.play(editedWorld(), `/hosts/${host.id}?tab=hooks`, async ({ page }) => {
    const tab = (name: string) =>
      page
        .getByRole("navigation", { name: /^Sections/ })
        .getByRole("link", { name });
    const edit = page.getByLabel("Edit hooks: default", { exact: true });
    const script = page.getByLabel("Script", { exact: true });
    await edit.click();
    await page.getByText("Own script").first().click();
    await script.first().fill("docker stop wiki");
    await tab("Settings").click();
    await button(page, "Stay").click();
    expect(await script.first().inputValue()).toBe("docker stop wiki");
    await tab("Settings").click();
    await button(page, "Leave").click();

    const tags = page.getByLabel("Tags");
    await tags.fill("db");
    await tab("Hooks").click();
    await button(page, "Stay").click();
    expect(await tags.inputValue()).toBe("db");
    await button(page, "Save host").click();
    await page.getByText("pg-primary saved").waitFor();
    await tab("Hooks").click();
    await edit.waitFor();
  }));

test("a session that ends leaves no hooks and no settings on show, whatever was typed in them", async () => {
  for (const [tab, type] of [
    [
      "hooks",
      async (page: Page) => {
        await page.getByLabel("Edit hooks: default", { exact: true }).click();
        await page.getByText("Own script").first().click();
        await page
          .getByLabel("Script", { exact: true })
          .first()
          .fill("docker stop wiki");
      },
    ],
    ["settings", (page: Page) => page.getByLabel("Tags").fill("db")],
  ] as const)
    await stage.play(
      editedWorld(),
      `/hosts/${host.id}?tab=${tab}`,
      async ({ page, server }) => {
        page.on("dialog", (question) => void question.dismiss());
        await server.heard("fleet");
        await type(page);
        // The browser asks only those who have used the page.
        await page.getByRole("heading", { level: 1 }).click();
        server.world.session = visitorSession();
        server.dropLive({ refusing: true });
        await page.getByRole("heading", { name: "Log in" }).waitFor();
      },
    );
});

test("the browser asks before it closes an editor with something unsaved, and nobody asks where nothing is", () =>
  stage.play(seededWorld(), schedule, async ({ page }) => {
    await time(page).fill("04:05");
    await page.getByText("Daily at 04:05").click();
    const asked = page.waitForEvent("dialog");
    await page.close({ runBeforeUnload: true });
    const question = await asked;
    expect(question.type()).toBe("beforeunload");
    await question.dismiss();
    expect(await time(page).inputValue()).toBe("04:05");
    // As it was: there is nothing to lose.
    await time(page).fill("02:37");
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "Edit Daily" }).first().waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  }));

test("a source group that somebody else changes meanwhile is not overwritten unawares: the newer one is loaded", () =>
  stage.play(seededWorld(), group, async ({ page, server }) => {
    await paths(page).fill("/mine");
    theirs(server, { live: false });
    await button(page, "Save source group").click();
    await told(page).waitFor();
    expect(await paths(page).inputValue()).toBe("/mine");
    expect(server.world.sources[0]?.includes).toEqual(["/theirs"]);
    await button(page, "Load the newer one").click();
    await told(page).waitFor({ state: "detached" });
    expect(await paths(page).inputValue()).toBe("/theirs");
    await button(page, "Save source group").click();
    await page.getByText("default saved").waitFor();
  }));

test("a schedule that somebody else changes is told before it is saved, and may be kept as typed", () =>
  stage.play(seededWorld(), schedule, async ({ page, server }) => {
    await time(page).fill("04:05");
    theirs(server, { live: true });
    await told(page).waitFor();
    expect(await time(page).inputValue()).toBe("04:05");
    await button(page, "Save schedule").click();
    await button(page, "Keep mine").click();
    await told(page).waitFor({ state: "detached" });
    expect(await page.getByText("changed_meanwhile").count()).toBe(0);
    await button(page, "Save schedule").click();
    await page.getByText("Schedule saved").waitFor();
    expect(server.world.schedules[0]?.cron).toBe("5 4 * * *");
  }));
