import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { jobEnds, runNow } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { upkeepStand } from "./rig/upkeep.ts";

const limit = 240_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "in a browser: retention that is not enforced is said, an admin credential enforces it, and check, forget and prune show what they did [UI-07] [MNT-03] [MNT-06]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab);
    const { api, host, server, admin } = stand;
    await stand.keep({ last: 1 });
    await stand.makeOld(3);
    await jobEnds(api, (await runNow(api, host, stand.groupId)).id);
    const { name } = await stand.repository();

    const { page, faults } = await openTab(lab, browser);
    await enterAs(page, server.url, api);
    const address = `${server.url}/repositories/${stand.repositoryId}`;
    await page.goto(address);
    await page.getByText("Retention is not enforced").waitFor();
    const run = (kind: string) =>
      page.getByRole("button", { name: new RegExp(`^Run now: ${kind}`) });
    expect(await run("prune").isDisabled()).toBe(true);

    await page.getByRole("button", { name: "Set admin credential" }).click();
    await page.getByText("Other access").click();
    await page.getByLabel("Another address").fill(admin["url"] ?? "");
    await page
      .getByLabel("User", { exact: true })
      .fill(admin["username"] ?? "");
    await page
      .getByLabel("Password of the user")
      .fill(admin["user_password"] ?? "");
    await page.getByRole("button", { name: "Save admin credential" }).click();
    await page.getByText("The admin credential is set").waitFor();

    await run("check").click();
    await page.getByLabel("Part of the data to read").fill("100");
    await page.getByRole("button", { name: "Check repository" }).click();
    await ended(page);
    await page.getByText("100%", { exact: true }).waitFor();

    await openRepository(page);
    await page.getByText("Passed").waitFor();
    await run("forget").click();
    await page.getByRole("button", { name: "Forget snapshots" }).click();
    await ended(page);
    const result = page.getByRole("region", { name: "Result" });
    await result.getByText("Snapshots removed").waitFor();
    expect(
      (await result.getByRole("row").last().innerText()).split(/\s+/),
    ).toEqual(["default", expect.any(String), "1", "3"]);

    await openRepository(page);
    await page
      .getByText("Retention is not enforced")
      .waitFor({ state: "detached" });
    await run("prune").click();
    await page.getByLabel(`Type ${name} to go on`).fill(name);
    await page.getByRole("button", { name: "Prune repository" }).click();
    await ended(page);
    expect(await stand.snapshots()).toHaveLength(1);

    await page.goto(`${server.url}/jobs?kind=forget&state=succeeded`);
    await page.getByText("3 snapshots removed, 1 left").waitFor();
    expect(faults()).toEqual([]);
  }),
  limit,
);

async function ended(page: Page): Promise<void> {
  await page.waitForURL(/\/jobs\//);
  await page
    .getByRole("region", { name: "Result" })
    .waitFor({ timeout: 60_000 });
  await page.getByText("Succeeded", { exact: true }).first().waitFor();
}

async function openRepository(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Open repository" }).click();
  await page.getByRole("region", { name: "Upkeep" }).waitFor();
}
