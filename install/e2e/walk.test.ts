import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { hostname } from "node:os";
import { join } from "node:path";
import { agentFile } from "./rig/places.ts";
import { launchBrowser, openTab } from "./rig/browser.ts";
import {
  compareAndAccept,
  copyCommand,
  createButton,
  fillRepository,
  makeAdministrator,
  mintedPassword,
  type RestAccess,
  runFirst,
} from "./rig/first-steps.ts";
import { openGate } from "./rig/gate.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import type { Program } from "./rig/program.ts";
import {
  resticByHand,
  snapshotsByHand,
  startRestServer,
  writeFiles,
} from "./rig/repository.ts";
import { waitFor } from "./rig/wait.ts";
import { bootstrapUrl, type Server, startServer } from "./rig/server.ts";

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
    await compareAndAccept(page, agent);
    expect(agent.text()).toContain("Compare this fingerprint");

    const rest = await startRestServer(lab);
    const gate = await openGate(lab, rest.port);
    const source = join(lab.dir, "documents");
    writeFiles(source, 12);
    const minted = await setUpRepository(page, source, {
      ...rest,
      path: "walk",
      port: gate.port,
    });

    gate.pace(1_000_000);
    await runFirst(page);
    await watchJob(page);
    expect(tab.faults()).toEqual([]);
    await killAndRestart(page, server);
    gate.pace(Infinity);
    await page
      .getByText("Succeeded", { exact: true })
      .first()
      .waitFor({ timeout: 60_000 });

    const repository = `rest:http://${rest.user}:${rest.password}@127.0.0.1:${rest.port}/walk/`;
    const [snapshot, ...more] = await snapshotsByHand(repository, minted);
    expect([snapshot?.paths, more]).toEqual([[source], []]);
    await seeSnapshot(page, snapshot?.id ?? "");
    const check = await resticByHand(repository, minted, [
      "check",
      "--read-data",
    ]);
    expect([check.code, check.stdout]).toEqual([
      0,
      expect.stringContaining("no errors were found"),
    ]);

    await page.reload();
    await page
      .getByText(shortId(snapshot?.id ?? ""))
      .first()
      .waitFor();
    expect(await page.getByText(minted).count()).toBe(0);
  }),
  180_000,
);

/** Runs the command as the dashboard shows it, with the files of this lab. */
async function enrolAsShown(lab: Lab, page: Page): Promise<Program> {
  const command = await copyCommand(page);
  expect(command).toStartWith("restic-manager-agent enrol ");
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

/** The second phase: once wrong, which keeps the form, and then right. Gives the password that was made. */
async function setUpRepository(
  page: Page,
  source: string,
  rest: RestAccess,
): Promise<string> {
  const dialog = await fillRepository(page, source, {
    ...rest,
    password: "not this one",
  });
  const minted = await mintedPassword(dialog);
  const save = createButton(dialog);

  await save.click();
  await dialog
    .getByText(/saved it/)
    .last()
    .waitFor();
  await dialog.getByLabel("I have saved it").check();
  await save.click();
  await dialog.getByText("repository_denied").waitFor();
  expect(await dialog.getByLabel("Paths to back up").inputValue()).toBe(source);
  expect(await mintedPassword(dialog)).toBe(minted);

  await dialog.getByLabel("Password of the user").fill(rest.password);
  await save.click();
  await page.waitForURL(/\/hosts\//);
  return minted;
}

/** Progress and log move without a reload. */
async function watchJob(page: Page): Promise<void> {
  const bar = page.getByRole("progressbar").first();
  await bar.waitFor();
  await page.getByRole("log").first().waitFor();
  await waitFor(
    "the bar moves",
    async () => Number(await bar.getAttribute("aria-valuenow")) > 0,
  );
}

/** The dashboard shows that its server died, and overcomes it. */
async function killAndRestart(page: Page, server: Server): Promise<void> {
  const word = page.getByRole("status").filter({ hasText: "Reconnecting" });
  await server.kill();
  await word.waitFor();
  await server.start();
  await word.waitFor({ state: "detached" });
}

/** The job's snapshot, on its page and in the list of its host. */
async function seeSnapshot(page: Page, id: string): Promise<void> {
  await page.getByText(shortId(id)).first().waitFor();
  await page
    .locator("rm-page-job")
    .getByRole("link", { name: hostname() })
    .first()
    .click();
  await page.waitForURL(/\/hosts\//);
  await page.getByText(shortId(id)).first().waitFor();
}

const shortId = (id: string): string => id.slice(0, 8);
