import { expect, test } from "bun:test";
import { rotatedFingerprint } from "./fixture-identities.ts";
import { at, id as idOf, minute, now } from "./moments.ts";
import { fingerprints, hostDetail, pendingHost } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { emptyWorld, seededWorld, userSession } from "./world.ts";

const stage = useStage();
const { id } = hostDetail("web-01");
const settings = `/hosts/${id}?tab=settings`;

test("a host is removed only by its typed name, and the fleet goes on without it [ENR-13]", () =>
  stage.play(seededWorld(), settings, async ({ page, server, complaints }) => {
    await page.getByRole("button", { name: "Remove host" }).click();
    await page
      .getByText("repositories that no other host uses, with the passwords")
      .waitFor();
    await page
      .getByText("the repositories themselves, with every snapshot")
      .waitFor();
    const remove = page.getByRole("button", { name: "Remove host" }).last();
    const field = page.getByLabel("Type web-01 to remove it");
    expect(await remove.isDisabled()).toBe(true);
    await field.fill("web-02");
    await field.press("Enter");
    expect(await remove.isDisabled()).toBe(true);
    expect(server.sent).toEqual([]);
    await field.fill("web-01");
    await remove.click();
    await page.getByText("web-01 is removed; its agent is cut off").waitFor();
    await page.getByRole("heading", { level: 1, name: "Fleet" }).waitFor();
    expect(server.sent).toEqual([
      {
        method: "DELETE",
        path: `/api/hosts/${id}`,
        body: { name: "web-01", leave_keys: false },
        csrf: "csrf-of-the-test",
      },
    ]);
    expect(complaints).toEqual([]);
  }));

test("a removal that is refused is explained with its code, and the dialog stays [ENR-13]", () =>
  stage.play(seededWorld(), settings, async ({ page, server }) => {
    server.refuse(`DELETE /api/hosts/${id}`, {
      status: 409,
      code: "name_mismatch",
      message: "The typed name is not the name of this host.",
    });
    await page.getByRole("button", { name: "Remove host" }).click();
    await page.getByLabel("Type web-01 to remove it").fill("web-01");
    await page.getByRole("button", { name: "Remove host" }).last().click();
    const alert = page.getByRole("alert");
    await alert.getByText("name_mismatch").waitFor();
    await alert.getByText("The typed name is not the name").waitFor();
  }));

test("keys that would be forgotten with a host are named, and stay only when that is ticked [ENR-13] [RTR-07]", () =>
  stage.play(seededWorld(), settings, async ({ page, server, complaints }) => {
    const removal = `DELETE /api/hosts/${id}`;
    server.refuse(removal, {
      status: 409,
      code: "temporary_keys_left",
      message: "attic: rm-01jdz (key cccccccc) may still open it.",
    });
    await page.getByRole("button", { name: "Remove host" }).click();
    const tick = page.getByLabel("Leave these keys in their repositories");
    const remove = page.getByRole("button", { name: "Remove host" }).last();
    await page.getByLabel("Type web-01 to remove it").fill("web-01");
    expect(await tick.count()).toBe(0);
    await remove.click();
    await page.getByRole("alert").getByText("attic: rm-01jdz").waitFor();
    expect(await remove.isDisabled()).toBe(true);
    server.refuse(removal, null);
    await tick.check();
    await remove.click();
    await page.getByText("web-01 is removed; its agent is cut off").waitFor();
    expect(server.sent.at(-1)?.body).toEqual({
      name: "web-01",
      leave_keys: true,
    });
    expect(complaints.filter((line) => !line.includes("409"))).toEqual([]);
  }));

test("a host that somebody else removes leaves the fleet, and its page says so [ENR-13]", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    const row = page.getByRole("row").filter({ hasText: "web-01" });
    await row.waitFor();
    await server.heard("fleet");
    server.push("fleet", { type: "host.removed", host_id: id });
    await row.waitFor({ state: "detached" });
    await page.locator('a[title="web-02"]').click();
    await page.getByText("Recent snapshots").waitFor();
    const other = hostDetail("web-02").id;
    server.push("fleet", { type: "host.removed", host_id: other });
    await page.getByText("This host is not here").waitFor();
    await page.getByText("web-02 was removed by an administrator.").waitFor();
    await page.goto(`${server.url}/jobs/${idOf("RUNpg-primary")}`);
    await page.getByRole("heading", { name: "Backup of pg-primary" }).waitFor();
    await server.heard("fleet");
    const { host_id } = server.world.jobs[0]!;
    server.push("fleet", { type: "host.removed", host_id });
    await page.getByText("and its jobs with it.").waitFor();
  }));

test("replacing a key waits for the new fingerprint and remembers the old one [ENR-14]", () =>
  stage.play(seededWorld(), settings, async ({ page, server, complaints }) => {
    const hold = server.hold(`POST /api/hosts/${id}/rotate-key`);
    await page.getByRole("button", { name: "Replace key" }).click();
    await page.getByRole("button", { name: "Replace key" }).last().click();
    const waiting = page.getByRole("button", {
      name: "Waiting for the new key",
    });
    await waiting.waitFor();
    expect(await waiting.isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    await waiting.waitFor();
    hold.release();
    await page.getByRole("dialog", { name: "web-01 has a new key" }).waitFor();
    await page
      .getByLabel("Fingerprint from the terminal of web-01, to compare")
      .last()
      .fill(rotatedFingerprint);
    await page.getByText("Match", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Done" }).click();
    const keys = page.getByRole("listitem").filter({ hasText: "SHA256:" });
    expect(await keys.nth(0).innerText()).toContain(rotatedFingerprint);
    expect(await keys.nth(0).innerText()).toContain("in use");
    expect(await keys.nth(1).innerText()).toContain(fingerprints.laptop);
    expect(await keys.nth(1).innerText()).not.toContain("in use");
    expect(complaints).toEqual([]);
  }));

test("an agent that does not answer keeps its key, and the page says why [ENR-14]", () =>
  stage.play(seededWorld(), settings, async ({ page, server }) => {
    server.refuse(`POST /api/hosts/${id}/rotate-key`, {
      status: 504,
      code: "agent_timeout",
      message: "The agent did not answer in time.",
    });
    await page.getByRole("button", { name: "Replace key" }).click();
    await page.getByRole("button", { name: "Replace key" }).last().click();
    await page.getByRole("alert").getByText("agent_timeout").waitFor();
    const keys = page.getByRole("listitem").filter({ hasText: "SHA256:" });
    expect(await keys.first().innerText()).toContain(fingerprints.laptop);
  }));

test("a proxy's log-in page in place of an answer is told, and the dialog can be closed [ENR-14]", () =>
  stage.play(seededWorld(), settings, async ({ page }) => {
    await page.getByRole("button", { name: "Replace key" }).click();
    await page.route("**/rotate-key", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: "<title>Log in</title>",
      }),
    );
    await page.getByRole("button", { name: "Replace key" }).last().click();
    await page.getByRole("alert").getByText("unexpected_answer").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }));

test("who may not remove hosts or replace keys is not shown how [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("operator") },
    settings,
    async ({ page }) => {
      await page.getByText("Keys so far").waitFor();
      expect(
        await page.getByRole("button", { name: "Replace key" }).count(),
      ).toBe(0);
      expect(await page.getByText("Danger zone").count()).toBe(0);
    },
  ));

test("two machines with one key are marked in the fleet and shown on the host, until they are told apart", () =>
  stage.play(seededWorld(), "/?state=attention", async ({ page, server }) => {
    await page.getByText("3 need attention").waitFor();
    await server.heard("fleet");
    const machine = (hostname: string, seconds: number) => ({
      hostname,
      boot_time: at(now - 30 * minute),
      last_seen_at: at(now - seconds * 1000),
    });
    const host = server.world.hosts.find((other) => other.id === id)!;
    const identity_conflict = {
      since: at(now - minute),
      instances: [machine("web-01", 4), machine("web-01-copy", 9)],
    };
    const changed = { ...host, identity_conflict };
    server.world.hosts = server.world.hosts.map((other) =>
      other === host ? changed : other,
    );
    server.push("fleet", { type: "host.changed", host: changed });
    await page.getByText("2 machines, one key").waitFor();
    await page.getByText("4 need attention").waitFor();
    const row = page.getByRole("row", { name: /^Degraded web-01/ });
    await row.waitFor();
    await page.getByRole("button", { name: "Degraded 2" }).waitFor();
    const tile = page.getByRole("region", { name: "Hosts", exact: true });
    expect(await tile.getByTitle("Degraded").innerText()).toBe("2");
    await page.getByTitle("web-01", { exact: true }).click();
    await page.getByRole("heading", { name: "web-01 Degraded" }).waitFor();
    const alert = page.getByRole("alert");
    await alert.getByText("2 machines use the key of web-01").waitFor();
    await alert.getByText("web-01-copy").waitFor();
    await alert.getByText("Machine 2").waitFor();
    const instances = [machine("web-01", 4), machine("web-01", 9)];
    server.push("fleet", {
      type: "host.changed",
      host: {
        ...changed,
        identity_conflict: { ...identity_conflict, instances },
      },
    });
    await alert.getByText("look for a second agent on one machine").waitFor();
    server.push("fleet", { type: "host.changed", host });
    await alert.waitFor({ state: "detached" });
  }));

test("a removed host that asks again is known as such before it is let in [ENR-13]", () =>
  stage.play(
    {
      ...emptyWorld(),
      pending: [
        pendingHost("web-09", fingerprints.web, {
          removed: { name: "old-web", at: at(now - 60 * minute) },
        }),
      ],
    },
    "/",
    async ({ page }) => {
      const said =
        "This key belonged to old-web, which was removed on 22 Nov 2026.";
      await page.getByText(said).waitFor();
      await page.getByRole("button", { name: "Accept web-09" }).click();
      await page.getByRole("dialog").waitFor();
      await page.locator("rm-accept").getByText(said).waitFor();
    },
  ));
