import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { anotherTab, enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { jobEnds, jobIn, wholeLogOf, runNow } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { startNoWebSocket } from "./rig/no-websocket.ts";
import { backupStand } from "./rig/stand.ts";
import { waitFor } from "./rig/wait.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "behind a proxy without WebSockets a page is live by event streams, and its log has every line once, however often it is cut off [SSE-04] [JOB-06]",
  inLab(async (lab) => {
    const { server, api, host, done, gate } = await backupStand(lab, {
      megabytes: 12,
    });
    const proxy = await startNoWebSocket(lab, Number(new URL(server.url).port));
    const { page: proxied } = await openTab(lab, browser);
    await enterAs(proxied, proxy.url, api);
    const { page: direct } = await anotherTab(proxied.context());
    await enterAs(direct, server.url, api);
    await proxied.goto(proxy.url);
    await live(proxied).waitFor();
    expect(proxy.refused()).toBeGreaterThan(0);

    gate.pace(400_000);
    const job = await runNow(api, host, done.group_id);
    for (const [tab, url] of [
      [proxied, proxy.url],
      [direct, server.url],
    ] as const)
      await tab.goto(`${url}/jobs/${job.id}`);
    await jobIn(api, job.id, ["running"]);
    await lines(proxied).first().waitFor();
    for (let cut = 0; cut < 3; cut += 1) {
      const before = proxy.passed();
      proxy.cut();
      await waitFor(
        "the page behind the proxy comes back",
        () => proxy.passed() > before,
      );
      await live(proxied).waitFor();
    }
    // The rest of the log comes over what was connected last.
    gate.pace(Infinity);
    const end = await jobEnds(api, job.id);

    const stored = (await wholeLogOf(api, end)).map(({ n }) => String(n));
    expect(stored.length).toBeGreaterThan(3);
    for (const tab of [proxied, direct]) {
      await tab.getByText(`${stored.length} lines`).waitFor();
      expect(await lines(tab).allTextContents()).toEqual(stored);
      await tab.getByText("Succeeded", { exact: true }).first().waitFor();
    }
  }),
  90_000,
);

/** Numbers of the log lines on show. */
const lines = (page: Page) => page.getByRole("log").locator(".number");

/** What the shell says of its connection. */
const live = (page: Page) =>
  page.getByRole("status").filter({ hasText: /^\s*Live\s*$/ });
