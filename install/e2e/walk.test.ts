import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { join } from "node:path";
import { agentFile } from "./rig/places.ts";
import { launchBrowser, openTab, tabTo } from "./rig/browser.ts";
import { openGate } from "./rig/gate.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import type { Program } from "./rig/program.ts";
import {
  resticByHand,
  snapshotsByHand,
  startRestServer,
  writeFiles,
} from "./rig/repository.ts";
import { bootstrapUrl, type Server, startServer } from "./rig/server.ts";

const password = "a password of the walk";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "a stranger makes an administrator, approves a fingerprint and watches a real backup arrive [ENR-04] [ENR-05] [ENR-12] [JOB-02] [TRN-01]",
  inLab(async (lab) => {
    const server = await startServer(lab, { admin: false });
    const tab = await openTab(lab, browser);
    const { page } = tab;

    await makeAdministrator(page, await bootstrapUrl(server));
    const agent = await enrolAsShown(lab, page);
    const fingerprint = await compareAndAccept(page, agent);
    expect(agent.text()).toContain("compare");

    const rest = await startRestServer(lab);
    const gate = await openGate(lab, rest.port);
    const source = join(lab.dir, "documents");
    writeFiles(source, 12);
    const minted = await setUpRepository(page, source, {
      ...rest,
      port: gate.port,
    });

    gate.pace(2_000_000);
    const jobUrl = await runFirst(page);
    await watchJob(page, server, () => gate.pace(Infinity));

    const repository = `rest:http://${rest.user}:${rest.password}@127.0.0.1:${rest.port}/walk/`;
    const [snapshot] = await snapshotsByHand(repository, minted);
    expect(snapshot?.paths).toEqual([source]);
    await page
      .getByText(snapshot?.id.slice(0, 8) ?? "no snapshot")
      .first()
      .waitFor();
    await seeSnapshot(page, snapshot?.id ?? "");
    const check = await resticByHand(repository, minted, [
      "check",
      "--read-data",
    ]);
    expect([check.code, check.stdout]).toEqual([
      0,
      expect.stringContaining("no errors were found"),
    ]);

    await page.goto(jobUrl);
    await page.getByText(fingerprint).waitFor({ state: "detached" });
    await page.reload();
    expect(await page.content()).not.toContain(minted);
    expect(tab.faults()).toEqual([]);
  }),
  180_000,
);

/** The first administrator, without a mouse. */
async function makeAdministrator(page: Page, url: URL): Promise<void> {
  await page.goto(url.href);
  await tabTo(page, page.getByLabel("User name"));
  await page.keyboard.type("ada");
  await tabTo(page, page.getByLabel("Password", { exact: true }));
  await page.keyboard.type(password);
  await tabTo(page, page.getByLabel("Password again"));
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No hosts yet" }).waitFor();
}

/** Runs the command as the dashboard shows it, with the files of this lab. */
async function enrolAsShown(lab: Lab, page: Page): Promise<Program> {
  const command = await page
    .locator("code", { hasText: /^restic-manager-agent enrol / })
    .innerText();
  const [, ...words] = command.split(/\s+/);
  lab.folder("endpoint");
  const files = [
    "--config",
    join(lab.dir, "endpoint/agent.yaml"),
    "--state-dir",
    join(lab.dir, "endpoint/state"),
  ];
  return lab.start(agentFile, [...words, ...files], { name: "agent" });
}

async function compareAndAccept(page: Page, agent: Program): Promise<string> {
  const [fingerprint] = await agent.line(/SHA256:[0-9a-f]{64}/);
  const shown = page
    .getByRole("group", { name: /^Fingerprint SHA256/ })
    .first();
  await shown.waitFor({ timeout: 10_000 });
  const name = (await shown.getAttribute("aria-label")) ?? "";
  expect(name.slice("Fingerprint ".length).replaceAll(" ", "")).toBe(
    fingerprint.replace(":", ""),
  );

  await page.getByRole("button", { name: /^Accept / }).click();
  const dialog = page.getByRole("dialog", { name: /^Accept / });
  const field = dialog.getByLabel(/^Fingerprint from the terminal/);
  await field.fill(
    fingerprint.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
  );
  expect(
    await dialog.getByRole("button", { name: /accept$/i }).isDisabled(),
  ).toBe(true);
  await field.fill(fingerprint);
  await dialog.getByRole("button", { name: "Accept", exact: true }).click();

  await page.getByText(/is accepted and online/).waitFor({ timeout: 10_000 });
  await agent.line(/approved|accepted/i);
  return fingerprint;
}

interface RestAccess {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The second phase: once wrong, which keeps the form, and then right. Gives the password that was made. */
async function setUpRepository(
  page: Page,
  source: string,
  rest: RestAccess,
): Promise<string> {
  const dialog = page.getByRole("dialog", { name: /^Set up / });
  await dialog.getByLabel("Paths to back up").fill(source);
  await dialog
    .getByLabel("Server", { exact: true })
    .fill(`http://127.0.0.1:${rest.port}`);
  await dialog.getByLabel("Path on the server").fill("walk");
  await dialog.getByLabel("User", { exact: true }).fill(rest.user);
  await dialog.getByLabel("Password of the user").fill("not this one");
  const minted = await dialog.locator(".minted code").innerText();
  const save = dialog.getByRole("button", {
    name: "Create repository and save",
  });

  await save.click();
  await dialog
    .getByText(/saved it/)
    .last()
    .waitFor();
  await dialog.getByLabel("I have saved it").check();
  await save.click();
  await dialog.getByText("repository_denied").waitFor({ timeout: 30_000 });
  expect(await dialog.getByLabel("Paths to back up").inputValue()).toBe(source);
  expect(await dialog.locator(".minted code").innerText()).toBe(minted);

  await dialog.getByLabel("Password of the user").fill(rest.password);
  await save.click();
  await page.waitForURL(/\/hosts\//, { timeout: 30_000 });
  return minted;
}

/** Run now, which opens the job's page. */
async function runFirst(page: Page): Promise<string> {
  await page
    .getByRole("button", { name: /^Run (first|now)/ })
    .first()
    .click();
  await page.waitForURL(/\/jobs\//, { timeout: 5000 });
  return page.url();
}

/** Live without a reload; the server's death in the middle is shown and overcome. */
async function watchJob(
  page: Page,
  server: Server,
  open: () => void,
): Promise<void> {
  const bar = page.getByRole("progressbar").first();
  await bar.waitFor();
  await page.getByRole("log").first().waitFor();
  const percent = async () => Number(await bar.getAttribute("aria-valuenow"));
  const before = await percent();
  await page.waitForFunction(() => true);
  expect(before).toBeLessThan(100);

  await server.kill();
  await page
    .getByText(/reconnecting/i)
    .first()
    .waitFor();
  await server.start();
  await page
    .getByText(/reconnecting/i)
    .first()
    .waitFor({ state: "detached", timeout: 30_000 });
  open();
  await page
    .getByText(/^Succeeded/)
    .first()
    .waitFor({ timeout: 60_000 });
}

async function seeSnapshot(page: Page, id: string): Promise<void> {
  await page.getByRole("link", { name: /host/i }).first().click();
  await page.getByText(id.slice(0, 8)).first().waitFor();
}
