import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { inLab } from "./rig/lab.ts";
import { writeFiles } from "./rig/repository.ts";
import { backupStand } from "./rig/stand.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "a person adds what is backed up, when, how long it is kept and what runs around it, and all of it happens [UI-06] [SRC-01] [SRC-02] [SRC-04] [SCH-01] [SCH-06] [SCH-08] [HKS-01]",
  inLab(async (lab) => {
    const { server, api, host } = await backupStand(lab);
    const tab = await openTab(lab, browser);
    const { page } = tab;
    await enterAs(page, server.url, api);
    const photos = join(lab.dir, "photos");
    writeFiles(photos, 1);

    await page.goto(`${server.url}/hosts/${host.id}?tab=sources`);
    await addGroup(page, photos);
    await addSchedule(page);
    await seeNextRun(page, server.url, host.id);
    const witness = join(lab.dir, "witness");
    await writeHooks(page, host.id, server.url, witness);
    await runWithLimit(page, host.id, server.url);
    await page
      .getByText("Succeeded", { exact: true })
      .first()
      .waitFor({ timeout: 60_000 });
    await page.getByText("hook(pre): dumped for photos").waitFor();
    await page.getByText("hook(post): it succeeded").waitFor();
    expect(readFileSync(witness, "utf8")).toBe("photos\n");
    await page.getByText("--limit-upload 10240").first().waitFor();

    await deleteBoth(page, host.id, server.url);
    expect(existsSync(photos)).toBe(true);
    expect(tab.faults()).toEqual([]);
  }),
  180_000,
);

async function addGroup(page: Page, folder: string): Promise<void> {
  await page.getByRole("link", { name: "Add source group" }).click();
  await page.getByLabel("Name").fill("photos");
  await page
    .getByLabel("Paths to back up")
    .fill(`${folder}\n${join(folder, "inside")}`);
  await page.getByLabel("Hourly", { exact: true }).fill("24");
  await page.getByRole("button", { name: "Save source group" }).click();
  // The server knows that one path lies within the other.
  await page.locator(".error", { hasText: "inside" }).waitFor();
  await page.getByLabel("Paths to back up").fill(folder);
  await page.getByRole("button", { name: "Save source group" }).click();
  const card = page.getByRole("region", { name: "Source group photos" });
  await card.getByText("no schedule names it").waitFor();
}

async function addSchedule(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Schedules", exact: true }).click();
  await page.getByRole("link", { name: "Add schedule" }).click();
  await page.getByText("Custom").click();
  for (const wrong of ["0 0 2 * * *", "0 2 31 2 *"]) {
    await page.getByLabel("Cron text").fill(wrong);
    await page.locator(".error").waitFor();
    await page.getByLabel("Cron text").fill("0 2 * * *");
    await page.getByText("Daily at 02:00").waitFor();
  }
  await page.getByText("Monthly").click();
  await page.getByLabel("At", { exact: true }).fill("04:30");
  await page.getByText("Monthly on the 1st at 04:30").waitFor();
  expect(await page.locator(".fires li").count()).toBe(5);
  await page.getByLabel("photos").check();
  await page.getByRole("button", { name: "Save schedule" }).click();
  const card = page.getByRole("region", { name: "Monthly on the 1st" });
  await card.getByText("backs up photos").waitFor();
  // The agent has taken it over and says its own next runs.
  await card.getByText("Next runs, host time").waitFor();
  expect(await card.locator(".fires li").count()).toBe(5);
}

/** Fleet, host page and schedule agree with what the agent says. */
async function seeNextRun(page: Page, url: string, hostId: string) {
  await page.goto(`${url}/hosts/${hostId}?tab=sources`);
  const card = page.getByRole("region", { name: "Source group photos" });
  await card.getByText("Monthly on the 1st at 04:30").waitFor();
  await card.getByText("Keeping hourly snapshots adds nothing").waitFor();
  const vital = page.locator(".vitals div", { hasText: "Next run" });
  const said = await vital.locator("dd").first().innerText();
  const [relative = ""] = said.split("\n");
  await page.goto(`${url}/`);
  await page.getByRole("row", { name: relative }).waitFor();
}

async function writeHooks(
  page: Page,
  hostId: string,
  url: string,
  witness: string,
): Promise<void> {
  await page.goto(`${url}/hosts/${hostId}?tab=hooks`);
  const defaults = page.getByRole("region", { name: "Defaults of" });
  await defaults.getByRole("button", { name: "Edit hooks" }).click();
  await defaults
    .getByRole("group", { name: "After" })
    .getByText("Script")
    .click();
  await defaults
    .getByRole("textbox", { name: "Script" })
    .fill('echo "it $RM_JOB_STATUS"');
  await defaults.getByRole("button", { name: "Save hooks" }).click();
  await defaults.getByText("it $RM_JOB_STATUS").waitFor();

  const group = page.getByRole("region", { name: "photos", exact: true });
  await group.getByText("it $RM_JOB_STATUS").waitFor();
  await group.getByRole("button", { name: "Edit hooks" }).click();
  await group.getByText("Own script").first().click();
  await group
    .getByRole("textbox", { name: "Script" })
    .fill(
      `echo "$RM_SOURCE_GROUP" > '${witness}'\necho "dumped for $RM_SOURCE_GROUP"`,
    );
  await group.getByRole("button", { name: "Save hooks" }).click();
  await group.getByText("dumped for $RM_SOURCE_GROUP").waitFor();
}

async function runWithLimit(
  page: Page,
  hostId: string,
  url: string,
): Promise<void> {
  await page.goto(`${url}/hosts/${hostId}?tab=settings`);
  await page.getByLabel("Tags").fill("attic");
  await page.getByLabel("Upload limit, KiB/s").fill("20480");
  await page.getByRole("button", { name: "Save host" }).click();
  await page.locator(".facts").getByText("attic").waitFor();
  await page.goto(`${url}/hosts/${hostId}?run`);
  await page.getByText("up 21 MB/s").waitFor();
  await page.getByLabel("photos").check();
  await page.getByText("For this run").click();
  await page.getByLabel("Upload limit, KiB/s").fill("10240");
  await page.getByRole("button", { name: "Back up now" }).click();
  await page.waitForURL(/\/jobs\//);
}

async function deleteBoth(
  page: Page,
  hostId: string,
  url: string,
): Promise<void> {
  await page.goto(`${url}/hosts/${hostId}?tab=sources`);
  await page.getByRole("button", { name: "Delete photos" }).click();
  await page.getByText("1 schedule runs it.").waitFor();
  await page.getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("link", { name: "Schedules", exact: true }).click();
  await page.getByRole("button", { name: "Delete Monthly" }).click();
  await page.getByRole("button", { name: "Delete schedule" }).click();
  await page.getByRole("region", { name: "Monthly" }).waitFor({
    state: "detached",
  });
  await page.getByRole("link", { name: "Sources", exact: true }).click();
  await page.getByRole("button", { name: "Delete photos" }).click();
  await page.getByRole("button", { name: "Delete source group" }).click();
  await page.getByRole("region", { name: "Source group photos" }).waitFor({
    state: "detached",
  });
}
