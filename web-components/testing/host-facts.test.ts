import { expect, test } from "bun:test";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary", { health: "healthy", snapshots: 60 });
const path = `/hosts/${host.id}`;

/** What the page says of a thing: the text of the <dd> beside its <dt>. */
async function said(
  page: Parameters<Parameters<typeof stage.play>[2]>[0]["page"],
  label: string,
): Promise<string> {
  const term = page.locator("dt", { hasText: new RegExp(`^${label}$`) });
  const value = term.last().locator("xpath=following-sibling::dd[1]");
  return (await value.innerText()).replaceAll(/\s+/g, " ").trim();
}

test("a host's page tells machine, zone, start, agent, restic and its hash [AGT-04] [PKG-06] [UI-03]", () =>
  stage.play({ ...seededWorld(), hosts: [host] }, path, async ({ page }) => {
    await page.getByRole("heading", { name: "Machine" }).waitFor();
    const facts = Object.fromEntries(
      await Promise.all(
        [
          "Name there",
          "System",
          "Architecture",
          "Time zone",
          "Started",
          "Announced from",
          "Agent",
          "restic",
          "restic SHA-256",
        ].map(async (label) => [label, await said(page, label)]),
      ),
    ) as Record<string, string>;
    expect(facts).toEqual({
      "Name there": "pg-primary",
      System: "Debian GNU/Linux 12",
      Architecture: "x64",
      "Time zone": "Europe/Berlin",
      Started: "12d ago",
      "Announced from": "10.0.4.12",
      Agent: "0.1.0 (0123456)",
      restic: "0.19.1, the agent’s own",
      "restic SHA-256": "9f86d0819f86",
    });
    await page.getByText(host.fingerprint).waitFor();
  }));

test("the six vitals of a host stand at the top of its page [UI-03]", () =>
  stage.play({ ...seededWorld(), hosts: [host] }, path, async ({ page }) => {
    await page.getByRole("heading", { name: "Machine" }).waitFor();
    const labels = page.locator("dl.vitals dt");
    expect(await labels.allInnerTexts()).toEqual([
      "Last backup",
      "Next run",
      "Snapshots",
      "Last result",
      "Agent",
      "Settings",
    ]);
  }));

test("an attempt that failed is the last result and not the last backup [UI-03]", () => {
  const failed = hostDetail("pg-primary", { health: "failed", last: 2 });
  return stage.play(
    { ...seededWorld(), hosts: [failed] },
    path,
    async ({ page }) => {
      await page.getByRole("heading", { name: "Machine" }).waitFor();
      const values = await page.locator("dl.vitals dd").allInnerTexts();
      expect([values[0], values[3]]).toEqual([
        expect.stringContaining("2d ago"),
        expect.stringContaining("Failed"),
      ]);
    },
  );
});

test("a restic that cannot be used is told on the host's page, which stays online [AGT-04]", () => {
  const problem = "/opt/restic does not exist.";
  const broken = {
    ...host,
    restic: {
      version: null,
      source: "override" as const,
      path: "/opt/restic",
      sha256: null,
      problem,
    },
  };
  return stage.play(
    { ...seededWorld(), hosts: [broken] },
    path,
    async ({ page }) => {
      await page.getByText(problem).first().waitFor();
      await page.locator("dl.vitals dd", { hasText: "Online" }).waitFor();
    },
  );
});

test("a host without a next run says whether a schedule is on [UI-03]", () => {
  const [daily] = seededWorld().schedules;
  const waiting = { ...daily!, next: [], applied: false };
  const next = (page: Parameters<typeof said>[0], text: string) =>
    page.locator("dl.vitals > div", { hasText: "Next run" }).getByText(text);
  return stage.play(
    {
      ...seededWorld(),
      hosts: [{ ...host, next_run_at: null }],
      schedules: [waiting],
    },
    path,
    async ({ page, server }) => {
      await next(page, "the schedule waits for the agent").waitFor();
      await server.heard("fleet");
      const applies = () =>
        server.push("fleet", {
          type: "host.config",
          host_id: host.id,
          cfg_rev: 5,
          applied_cfg_rev: 5,
        });
      server.world.schedules = [{ ...waiting, applied: true }];
      applies();
      await next(page, "the schedule has none").waitFor();
      server.world.schedules = [{ ...waiting, enabled: false }];
      applies();
      await next(page, "no schedule is on").waitFor();
    },
  );
});
