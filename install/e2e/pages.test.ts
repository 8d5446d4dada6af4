import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { enrolAgent, pendingOf } from "./rig/agent.ts";
import { anotherTab, enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { jobEnds, runNow } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { root } from "./rig/places.ts";
import { bootstrapUrl, startServer } from "./rig/server.ts";
import { backupStand } from "./rig/stand.ts";

const limit = 120_000;
const axeSource = readFileSync(
  Bun.resolveSync("axe-core/axe.min.js", import.meta.dir),
  "utf8",
);
const version = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  }
).version;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "every page is accessible, fits its width and loads nothing from elsewhere, light, dark and on a phone [UI-01] [UI-13]",
  inLab(async (lab) => {
    const { server, api, host, done } = await backupStand(lab);
    const job = await jobEnds(api, (await runNow(api, host, done.group_id)).id);
    const waiting = await enrolAgent(lab, server, { name: "waiting" });
    await pendingOf(api, await waiting.fingerprint());
    const paths = [
      "/",
      "/?add",
      `/hosts/${host.id}`,
      `/repositories/${done.repository.id}`,
      "/jobs",
      `/jobs/${job.id}`,
      "/alerts?state=all",
      "/settings/notifications",
      "/account",
      "/no-such-page",
    ];

    for (const look of [
      { width: 1440, scheme: "light" },
      { width: 1440, scheme: "dark" },
      { width: 390, height: 844, scheme: "light" },
    ] as const) {
      const tab = await openTab(lab, browser, look);
      await visit(tab.page, server.url, "/login");
      await enterAs(tab.page, server.url, api);
      for (const path of paths) await visit(tab.page, server.url, path);
      expect(tab.faults()).toEqual([]);
      await tab.page.context().close();
    }
  }),
  2 * limit,
);

test(
  "the page that makes the first administrator is accessible, and names what is wrong [AUT-04]",
  inLab(async (lab) => {
    const server = await startServer(lab, { admin: false });
    const { page } = await openTab(lab, browser);
    await page.goto((await bootstrapUrl(server)).href);
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password", { exact: true }).fill("too short");
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page
      .getByText(/at least 12 characters/i)
      .first()
      .waitFor();
    expect(await violations(page)).toEqual([]);
  }),
  limit,
);

test(
  "the dashboard says its version, the same as the server's [PKG-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const { page } = await openTab(lab, browser);
    await enterAs(page, server.url, await server.logIn());
    await page.goto(`${server.url}/account`);
    await page.getByText(version).first().waitFor();
  }),
  limit,
);

test(
  "eight tabs open at once all stay live over plain HTTP [SSE-02]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const { page } = await openTab(lab, browser);
    await enterAs(page, server.url, api);
    const more = await Promise.all(
      Array.from({ length: 7 }, () => anotherTab(page.context())),
    );
    const tabs = [page, ...more.map((tab) => tab.page)];
    for (const tab of tabs) {
      await tab.goto(server.url);
      await live(tab).waitFor();
    }

    const agent = await enrolAgent(lab, server);
    const { id, fingerprint } = await pendingOf(api, await agent.fingerprint());
    const shown = (tab: Page) => tab.getByRole("button", { name: /^Accept / });
    await Promise.all(tabs.map((tab) => shown(tab).waitFor()));
    await api.post(`/api/pending/${id}/accept`, { fingerprint });
    await Promise.all(
      tabs.map((tab) => shown(tab).waitFor({ state: "detached" })),
    );
    await Promise.all(
      tabs.map((tab) => tab.getByRole("table", { name: "Hosts" }).waitFor()),
    );
  }),
  limit,
);

test(
  "a dashboard whose server restarts says that it reconnects, and is live again by itself [SSE-03]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const { page } = await openTab(lab, browser);
    await enterAs(page, server.url, await server.logIn());
    await page.goto(server.url);
    await live(page).waitFor();

    await server.stop();
    await page
      .getByRole("status")
      .filter({ hasText: "Reconnecting" })
      .waitFor();
    await page.getByText(/not reachable since/).waitFor();
    await server.start();
    await live(page).waitFor({ timeout: 40_000 });
    expect(await page.getByText(/not reachable since/).count()).toBe(0);
  }),
  limit,
);

/** What the shell says of its connection. */
const live = (page: Page) =>
  page.getByRole("status").filter({ hasText: /^\s*Live\s*$/ });

async function visit(page: Page, url: string, path: string): Promise<void> {
  await page.goto(url + path);
  await page.locator("h1").first().waitFor();
  await page.waitForLoadState("networkidle");
  expect([path, await violations(page)]).toEqual([path, []]);
  const fits = await page.evaluate<boolean>(
    "(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('main'))",
  );
  expect([path, fits]).toEqual([path, true]);
}

interface AxeResult {
  readonly violations: readonly {
    id: string;
    nodes: readonly { html: string; target: unknown }[];
  }[];
}

async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run(),
  );
  return result.violations.map(({ id, nodes }) => [
    id,
    nodes.map(({ target }) => target),
  ]);
}
