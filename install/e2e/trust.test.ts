import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { enrolAt } from "./rig/agent.ts";
import { enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { inLab } from "./rig/lab.ts";
import { writeFiles } from "./rig/repository.ts";
import { startServer } from "./rig/server.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "in the browser a host is invited by a token, gets a new key and is removed, and its return is known as one [ENR-10] [ENR-12] [ENR-13] [ENR-14]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const { page, faults } = await openTab(lab, browser);
    await enterAs(page, server.url, await server.logIn());
    const source = join(lab.dir, "source");
    writeFiles(source, 1);

    await page.goto(`${server.url}/?add=token`);
    await page.getByLabel("Host name").fill("attic");
    await page.getByLabel("Paths to back up").fill(source);
    await page.getByText("Folder", { exact: true }).click();
    await page
      .getByLabel("Folder on this host")
      .fill(join(lab.dir, "repository"));
    await page.getByRole("button", { name: "Make token" }).click();
    await page.getByText("Shown this once").waitFor();
    const file = join(lab.dir, "token");
    const token = await page.getByText(/^rmt_\S+$/).innerText();
    writeFileSync(file, token, { mode: 0o600 });
    const agent = enrolAt(lab, server.url, await server.serverKey(), {
      args: ["--token-file", file],
    });
    await page.getByText("attic has joined.").waitFor();
    await page.getByLabel("I have saved it").check();
    await page.getByRole("link", { name: "Open it" }).click();
    await page.getByRole("heading", { level: 1, name: "attic" }).waitFor();

    await page.getByRole("link", { name: "Settings" }).click();
    const first = await key(page, 0);
    await page.getByRole("button", { name: "Replace key" }).click();
    await page.getByRole("button", { name: "Replace key" }).last().click();
    await page.getByRole("button", { name: "Done" }).click({ timeout: 40_000 });
    const second = await key(page, 0);
    expect(second).not.toBe(first);
    expect(await key(page, 1)).toBe(first);
    expect(await agent.verb("status").line(/SHA256:[0-9a-f]{64}/)).toContain(
      second,
    );

    await page.getByRole("button", { name: "Remove host" }).click();
    await page.getByLabel("Type attic to remove it").fill("attic");
    await page.getByRole("button", { name: "Remove host" }).last().click();
    await page.getByRole("heading", { name: "No hosts yet" }).waitFor();
    expect((await agent.program().exit(10_000)).code).toBe(5);

    const anew = agent.verb("enrol", [
      server.url,
      "--server-key",
      (await server.serverKey()) ?? "",
    ]);
    expect((await anew.line(/SHA256:[0-9a-f]{64}/))[0]).not.toBe(second);
    await page.getByRole("button", { name: "Reject" }).waitFor();
    expect(faults()).toEqual([]);
  }),
  90_000,
);

/** The fingerprint in the history of keys, the newest being number 0. */
async function key(page: Page, index: number): Promise<string> {
  const row = page.getByRole("listitem").filter({ hasText: "SHA256:" });
  const text = await row.nth(index).innerText();
  return /SHA256:[0-9a-f]{64}/.exec(text)?.[0] ?? "";
}
