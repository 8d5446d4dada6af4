import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { sidewaysOverflow } from "./browser.ts";
import { at, id, now } from "./moments.ts";
import { fingerprints, hostDetail, pendingHost } from "./seed-hosts.ts";
import { job, logLine } from "./seed-jobs.ts";
import { useStage } from "./stage.ts";
import { seededWorld, type World } from "./world.ts";

const stage = useStage();
const script = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
const ansi = "\u001b[31mred\u001b[0m\u001b[2J\u001b]0;owned\u0007";
const bidi = "invoice\u202Efdp.exe";
const long = "w".repeat(4000);
const nasty = `${script} ${ansi} ${bidi} ${long}`;
const running = id("RUNpg-primary");

/** Every text that an agent, or whoever holds its key, may choose. */
function nastyWorld(): World {
  const world = seededWorld();
  world.hosts = world.hosts.map((host) => ({
    ...host,
    tags: [script, bidi, long],
    os_version: nasty,
    tz: "Nowhere/<b>",
    agent_version: long,
    hostname: script,
    last_backup:
      host.last_backup === null
        ? null
        : { ...host.last_backup, error: { code: "<i>", message: nasty } },
    restic: host.restic && { ...host.restic, problem: nasty, version: script },
  }));
  world.pending = [
    pendingHost(`${"x".repeat(200)}<b>`, fingerprints.laptop, {
      agent_version: script,
    }),
  ];
  world.log = [script, ansi, bidi, long, nasty].map((l, index) =>
    logLine(index + 1, { l }),
  );
  world.jobs = [
    job(running, {
      state: "failed",
      finished_at: at(now),
      error: { code: script, message: nasty },
      command: nasty,
      host_name: script,
    }),
    ...world.jobs.slice(1, 4),
  ];
  world.snapshots = world.snapshots.map((snapshot) => ({
    ...snapshot,
    own: false,
    hostname: script,
    paths: [nasty],
    tags: [script, bidi],
  }));
  return world;
}

/** Nothing of what stands there was taken for markup, and no hidden character moves the rest. */
async function expectHarmless(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const images: string[] = [];
    const texts: string[] = [];
    const walk = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll("*")) {
        if (element.matches("img, main script, b, i[onerror]"))
          images.push(element.outerHTML);
        if (element.shadowRoot !== null) {
          texts.push(element.shadowRoot.textContent ?? "");
          walk(element.shadowRoot);
        }
      }
    };
    walk(document);
    const hidden = /.{0,20}(?!\s)[\p{Cc}\p{Cf}].{0,20}/su;
    const [hides = ""] = hidden.exec(texts.join("")) ?? [];
    return { images, hides, owned: document.title === "owned" };
  });
  expect(found).toEqual({ images: [], hides: "", owned: false });
  expect(await sidewaysOverflow(page)).toBe(0);
}

const host = hostDetail("pg-primary").id;
const pages: Readonly<Record<string, string>> = {
  "the fleet": "/",
  "a host": `/hosts/${host}`,
  "a host's snapshots": `/hosts/${host}?tab=snapshots`,
  "a host's settings": `/hosts/${host}?tab=settings`,
  "the jobs": "/jobs",
  "a job with its log": `/jobs/${running}`,
};

for (const [name, path] of Object.entries(pages)) {
  test(`what an agent says is text on the page of ${name}, whatever it holds [SEC-05]`, () =>
    stage.play(nastyWorld(), path, async ({ page, complaints }) => {
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page
        .getByText("<script>")
        .or(page.getByText("w".repeat(40)))
        .first()
        .waitFor();
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await expectHarmless(page);
      }
      expect(complaints).toEqual([]);
    }));
}

test("log lines can be read: markup as it is, without terminal colours, with hidden characters by number [SEC-05]", () =>
  stage.play(nastyWorld(), `/jobs/${running}`, async ({ page }) => {
    const log = page.getByRole("log");
    await log.getByText(script).first().waitFor();
    await log.getByText("invoice‹202E›fdp.exe", { exact: true }).waitFor();
    await log
      .getByText("red‹001B›[2J‹001B›]0;owned‹0007›", { exact: true })
      .waitFor();
  }));
