import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Page } from "playwright-core";
import { waitFor } from "./wait.ts";

/**
 * What a person clicks who has lost a file: the host in the list, its newest snapshot, the file by its name, where it came
 * from, the name of the host. Begins on the fleet's page and ends when the file is on the disk again.
 */
export async function bringBackByClicks(
  page: Page,
  host: string,
  file: string,
): Promise<void> {
  const foot = (name: string) =>
    page.locator(".foot").getByRole("button", { name });

  await page.getByRole("link", { name: host, exact: true }).first().click();
  await page.getByRole("link", { name: /^Snapshots/ }).click();
  await page
    .getByRole("link", { name: /^Restore from / })
    .first()
    .click();
  await foot("Choose files").click();
  await page.getByPlaceholder("Find in this snapshot").fill(basename(file));
  await page
    .getByRole("treeitem", { name: file })
    .locator(".box")
    .click({ timeout: 60_000 });
  await foot("Choose destination").click();
  await page.getByRole("radio", { name: "Where they came from" }).check();
  await foot("Review").click();
  await page.getByLabel(`Type ${host} to go on`).fill(host);
  await foot("Restore").click({ timeout: 60_000 });
  await waitFor("the file is there", () => existsSync(file), 120_000);
}
