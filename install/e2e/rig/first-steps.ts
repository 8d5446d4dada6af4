import { expect } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { tabTo } from "./browser.ts";
import type { Program } from "./program.ts";

/* What everybody does first in the dashboard. */

const personPassword = "a password of the walk";

/** The first administrator, without a mouse. */
export async function makeAdministrator(page: Page, url: URL): Promise<void> {
  await page.goto(url.href);
  await tabTo(page, page.getByLabel("User name"));
  await page.keyboard.type("ada");
  await tabTo(page, page.getByLabel("Password", { exact: true }));
  await page.keyboard.type(personPassword);
  await tabTo(page, page.getByLabel("Password again"));
  await page.keyboard.type(personPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No hosts yet" }).waitFor();
}

/** The command that enrols a host, as the dashboard shows it. */
export async function copyCommand(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Copy the command" }).first().click();
  return page.evaluate<string>("navigator.clipboard.readText()");
}

/** The fingerprint of the terminal is the dashboard's; one wrong digit is not accepted. */
export async function compareAndAccept(
  page: Page,
  agent: Program,
): Promise<void> {
  const [fingerprint] = await agent.line(/SHA256:[0-9a-f]{64}/);
  const shown = page
    .getByRole("group", { name: /^Fingerprint SHA256/ })
    .first();
  await shown.waitFor();
  const name = (await shown.getAttribute("aria-label")) ?? "";
  expect(name.slice("Fingerprint ".length).replaceAll(" ", "")).toBe(
    fingerprint.replace(":", ""),
  );

  await page.getByRole("button", { name: /^Accept / }).click();
  const dialog = await opened(page, /^Accept /);
  const field = dialog.getByLabel(/^Fingerprint from the terminal/);
  await field.fill(
    fingerprint.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
  );
  expect(
    await dialog.getByRole("button", { name: /accept$/i }).isDisabled(),
  ).toBe(true);
  await field.fill(fingerprint);
  await dialog.getByRole("button", { name: "Accept", exact: true }).click();

  await page.getByText(/is accepted and online/).waitFor();
  await agent.line(/approved/i);
}

export interface RestAccess {
  readonly port: number;
  readonly path: string;
  readonly user: string;
  readonly password: string;
}

/** The second phase: what to back up, and where to. */
export async function fillRepository(
  page: Page,
  source: string,
  rest: RestAccess,
): Promise<Locator> {
  const dialog = await opened(page, /^Set up /);
  await dialog.getByLabel("Paths to back up").fill(source);
  await dialog
    .getByLabel("Server", { exact: true })
    .fill(`http://127.0.0.1:${rest.port}`);
  await dialog.getByLabel("Path on the server").fill(rest.path);
  await dialog.getByLabel("User", { exact: true }).fill(rest.user);
  await dialog.getByLabel("Password of the user").fill(rest.password);
  return dialog;
}

export const mintedPassword = (dialog: Locator): Promise<string> =>
  dialog.locator(".minted code").innerText();

export const createButton = (dialog: Locator): Locator =>
  dialog.getByRole("button", { name: "Create repository and save" });

/** Run now on the page of the host, which opens the job's. */
export async function runFirst(page: Page): Promise<void> {
  // The address changes before its page is on show, and the fleet has such buttons, too.
  await page
    .locator("rm-page-host")
    .getByRole("button", { name: /^Run (first|now)/ })
    .click();
  await page.waitForURL(/\/jobs\//);
}

/** The dialog of this name. What it shows is slotted into it, so it is looked for in the element around both. */
async function opened(page: Page, name: RegExp): Promise<Locator> {
  await page.getByRole("dialog", { name }).waitFor();
  return page.locator("rm-accept");
}
