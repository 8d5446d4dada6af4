import { expect, test } from "bun:test";
import { countsOf, seedAlert } from "./fixture-alerts.ts";
import { at, id, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { repositoryId } from "./seed-repositories.ts";
import { useStage } from "./stage.ts";
import { emptyWorld, seededWorld, userSession } from "./world.ts";

const stage = useStage();

test("alerts are told with what became of them, and counted in the navigation [ALR-05]", () =>
  stage.play(seededWorld(), "/", async ({ page, complaints }) => {
    const nav = page.getByRole("navigation", { name: "Main", exact: true });
    await page.getByRole("link", { name: "2 open alerts" }).waitFor();
    await nav.getByRole("link", { name: "Alerts 2 open" }).click();
    await page.getByText("2 open, 1 acknowledged.").waitFor();
    await page.getByText("by sam.keller").waitFor();
    expect(
      await page.getByRole("listitem").filter({ hasText: "overdue" }).count(),
    ).toBe(0);
    await page.getByRole("link", { name: "Resolved", exact: true }).click();
    await page.getByText("by itself").waitFor();
    expect(new URL(page.url()).search).toBe("?state=resolved");
    await page.getByLabel("Severity").selectOption("critical");
    await page.getByText("No alert is like this").waitFor();
    expect(complaints).toEqual([]);
  }));

test("the alerts of a repository stand above it, and lead to the list of them [ALR-05]", () =>
  stage.play(
    {
      ...seededWorld(),
      alerts: [
        ...seededWorld().alerts,
        seedAlert("check_failed", "nas-01", "Check found 2 errors.", {
          host_id: null,
          host_name: null,
          repository_id: repositoryId,
          repository_name: "pg-primary",
        }),
      ],
    },
    `/repositories/${repositoryId}`,
    async ({ page }) => {
      await page.getByText("1 alert: Check failed.").waitFor();
      await page.getByRole("link", { name: "1 alert" }).click();
      await page.getByText("Check found 2 errors.").waitFor();
      expect(
        await page
          .getByRole("listitem")
          .filter({ hasText: "Critical" })
          .count(),
      ).toBe(1);
      await page
        .getByRole("main")
        .getByRole("link", { name: "pg-primary" })
        .click();
      await page.getByRole("region", { name: "Upkeep" }).waitFor();
    },
  ));

test("acknowledging and resolving are sent and shown [ALR-05]", () =>
  stage.play(seededWorld(), "/alerts", async ({ page, server }) => {
    const about = "Backup failed, ws-erika";
    await page.getByRole("button", { name: `Acknowledge: ${about}` }).click();
    await page.getByText("The alert is acknowledged").waitFor();
    await page.getByText("1 open, 2 acknowledged.").waitFor();
    await page.getByRole("button", { name: `Resolve: ${about}` }).click();
    await page
      .getByText("No space left on the repository")
      .waitFor({ state: "detached" });
    const alert = id("ALERTws-erika");
    expect(server.sent.map(({ method, path }) => [method, path])).toEqual([
      ["POST", `/api/alerts/${alert}/acknowledge`],
      ["POST", `/api/alerts/${alert}/resolve`],
    ]);
  }));

test("a viewer has no buttons and no way to the channels [ALR-05]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    "/alerts",
    async ({ page }) => {
      await page.getByText("No space left on the repository").waitFor();
      expect(
        await page.getByRole("button", { name: "Acknowledge" }).count(),
      ).toBe(0);
      expect(await page.getByRole("button", { name: "Resolve" }).count()).toBe(
        0,
      );
      expect(await page.getByText("Notification channels").count()).toBe(0);
    },
  ));

test("a new alert comes by itself, and one that is over goes [ALR-05]", () =>
  stage.play(emptyWorld(), "/alerts", async ({ page, server }) => {
    await page.getByText("No open alerts").waitFor();
    await server.heard("fleet");
    const alert = seedAlert("backup_failed", "nas-01", "Restic gave up.");
    server.world.alerts = [alert];
    server.push("fleet", {
      type: "alert.changed",
      alert,
      counts: countsOf([alert]),
    });
    await page.getByText("Restic gave up.").waitFor();
    await page.getByText("1 open, 0 acknowledged.").waitFor();
    const over = { ...alert, state: "resolved" as const, resolved_at: at(now) };
    server.world.alerts = [over];
    server.push("fleet", {
      type: "alert.changed",
      alert: over,
      counts: countsOf([over]),
    });
    await page.getByText("No open alerts").waitFor();
    await page.getByText("The last alert ended").waitFor();
  }));

test("a host's page leads to its alerts [ALR-05]", () =>
  stage.play(
    seededWorld(),
    `/hosts/${hostDetail("ws-erika").id}`,
    async ({ page }) => {
      await page.getByRole("link", { name: "1 alert" }).click();
      await page.getByText("No space left on the repository").waitFor();
      expect(
        await page
          .getByRole("listitem")
          .filter({ hasText: "media-box" })
          .count(),
      ).toBe(0);
      await page.getByRole("link", { name: "Of every host" }).click();
      await page.getByText("media-box").first().waitFor();
    },
  ));

test("a channel is added with its login, which is not kept in the page [NTF-04] [NTF-08]", () =>
  stage.play(
    emptyWorld(),
    "/settings/notifications",
    async ({ page, server, complaints }) => {
      await page.getByText("Nobody is told yet").waitFor();
      await page.getByRole("button", { name: "Add channel" }).click();
      await page.getByLabel("Name", { exact: true }).fill("phone");
      await page.getByLabel("Server").fill("https://ntfy.sh");
      await page.getByLabel("Topic").fill("backups");
      await page.getByText("Token", { exact: true }).click();
      await page.getByLabel("Token", { exact: true }).last().fill("tk_secret");
      await page.getByLabel("Warnings").uncheck();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("phone is saved").waitFor();
      await page.getByText("token, stored encrypted").waitFor();
      expect(server.sent[0]?.body).toEqual({
        kind: "ntfy",
        name: "phone",
        enabled: true,
        severities: ["critical"],
        url: "https://ntfy.sh",
        topic: "backups",
        auth: "token",
        username: "",
        secret: "tk_secret",
      });
      expect(await page.content()).not.toContain("tk_secret");
      expect(complaints).toEqual([]);
    },
  ));

test("a test says at once how it went [NTF-04]", () =>
  stage.play(seededWorld(), "/settings/notifications", async ({ page }) => {
    await page.getByText("The receiver answered 503.").waitFor();
    await page.getByRole("button", { name: "Send test to pager" }).click();
    await page.getByText("The receiver refused the login (401).").waitFor();
    await page.getByRole("button", { name: "Send test to phone" }).click();
    await page.getByText("The receiver has taken the test message.").waitFor();
  }));

test("what a channel fails with after its test is told, and a good test stays on show as long as it works [NTF-04]", () =>
  stage.play(
    seededWorld(),
    "/settings/notifications",
    async ({ page, server }) => {
      const card = (name: string) =>
        page.getByRole("region", { name: `Channel ${name}` });
      const changes = (name: string, more: object) => {
        server.world.channels = server.world.channels.map((channel) =>
          channel.name === name ? { ...channel, ...more } : channel,
        );
        server.push("fleet", { type: "channels.changed" });
      };
      await page.getByRole("button", { name: "Send test to phone" }).click();
      const taken = card("phone").getByText("has taken the test message");
      await taken.waitFor();
      await server.heard("fleet");
      changes("phone", { last_delivered_at: at(now) });
      await card("phone").getByText("just now").waitFor();
      expect(await taken.count()).toBe(1);
      changes("phone", { last_error: "The receiver answered 502." });
      await card("phone").getByText("The receiver answered 502.").waitFor();
      expect(await taken.count()).toBe(0);

      await page.getByRole("button", { name: "Send test to pager" }).click();
      const refused = card("pager").getByText("refused the login (401)");
      await refused.waitFor();
      changes("pager", { last_error: null, last_delivered_at: at(now) });
      await refused.waitFor({ state: "detached" });
    },
  ));

test("what is wrong in a channel's form is said at its field, and deleting asks first [NTF-08]", () =>
  stage.play(
    seededWorld(),
    "/settings/notifications",
    async ({ page, server }) => {
      await page.getByRole("button", { name: "Edit phone" }).click();
      await page.getByText("Blank keeps the stored one").waitFor();
      await page.getByLabel("Name", { exact: true }).fill("");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Name the channel.").waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: "Delete pager" }).click();
      await page.getByRole("button", { name: "Delete channel" }).click();
      await page.getByText("pager is deleted").waitFor();
      expect(server.sent.map(({ method }) => method)).toEqual([
        "PUT",
        "DELETE",
      ]);
      expect(await page.getByRole("heading", { name: "pager" }).count()).toBe(
        0,
      );
    },
  ));

test("who is no administrator sees no channels [NTF-08]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("operator") },
    "/settings/notifications",
    async ({ page }) => {
      await page.getByText("Administrators only").waitFor();
    },
  ));
