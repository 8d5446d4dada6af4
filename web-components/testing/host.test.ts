import { expect, test } from "bun:test";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary", { health: "healthy", snapshots: 60 });
const path = `/hosts/${host.id}`;

function world() {
  return { ...seededWorld(), hosts: [host] };
}

test("the drift badge stands until the agent has taken over the settings [UI-03]", () =>
  stage.play(
    { ...world(), hosts: [{ ...host, applied_cfg_rev: 3 }] },
    path,
    async ({ page, server }) => {
      await page.getByText("v4 pending, v3 applied").waitFor();
      await server.heard("fleet");
      server.push("fleet", {
        type: "host.config",
        host_id: host.id,
        cfg_rev: 4,
        applied_cfg_rev: 4,
      });
      await page
        .getByText("v4 pending, v3 applied")
        .waitFor({ state: "detached" });
    },
  ));

test("tabs are addresses [UI-03]", () =>
  stage.play(world(), path, async ({ page }) => {
    await page.getByRole("link", { name: /^Snapshots/ }).click();
    await page.getByRole("heading", { name: "60 snapshots" }).waitFor();
    expect(new URL(page.url()).search).toBe("?tab=snapshots");
    await page.goBack();
    await page.getByRole("heading", { name: "Recent snapshots" }).waitFor();
  }));

test("older snapshots come on request, and the list is refetched when the repository's changes [SNP-01]", () =>
  stage.play(world(), `${path}?tab=snapshots`, async ({ page, server }) => {
    const rows = page.getByRole("table").getByRole("row");
    await page.getByRole("heading", { name: "60 snapshots" }).waitFor();
    expect(await rows.count()).toBe(51);
    await page.getByRole("button", { name: "Show older snapshots" }).click();
    await page
      .getByRole("button", { name: "Show older snapshots" })
      .waitFor({ state: "detached" });
    expect(await rows.count()).toBe(61);
    server.world.snapshots = server.world.snapshots.slice(0, 3);
    server.push("fleet", {
      type: "snapshots.changed",
      repository_id: "r",
      host_ids: [host.id],
    });
    await page.getByRole("heading", { name: "3 snapshots" }).waitFor();
  }));

test("what a too old restic does not say is called unknown, not zero [SNP-01]", () =>
  stage.play(
    {
      ...world(),
      snapshots: seededWorld().snapshots.map((snapshot) => ({
        ...snapshot,
        size_bytes: null,
        file_count: null,
      })),
    },
    `${path}?tab=snapshots`,
    async ({ page }) => {
      await page.getByRole("heading", { name: "60 snapshots" }).waitFor();
      expect(await page.getByText("unknown").count()).toBe(100);
    },
  ));

test("the daily schedule shows the next fires in the host's zone and can be switched off", () =>
  stage.play(world(), `${path}?tab=schedules`, async ({ page, server }) => {
    await page.getByText("Next runs, host time (Europe/Berlin)").waitFor();
    expect(await page.locator(".fires li").allInnerTexts()).toHaveLength(5);
    expect(
      (await page.locator(".fires li").first().innerText()).replaceAll(
        /\s+/g,
        " ",
      ),
    ).toBe("Mon 23 Nov 02:37 in 16h");
    await page.getByRole("switch", { name: "Schedule Daily at 02:37" }).click();
    await page
      .getByText("Off: this host backs up only when somebody starts it.")
      .waitFor();
    expect(server.sent.map(({ method, body }) => [method, body])).toEqual([
      ["PATCH", { enabled: false }],
    ]);
  }));

test("a schedule that is off does not say of its host what another one does", () => {
  const [daily] = world().schedules;
  const weekly = {
    ...daily!,
    id: id("WEEKLY"),
    cron: "0 5 * * 0",
    enabled: false,
    next: [],
  };
  return stage.play(
    { ...world(), schedules: [daily!, weekly] },
    `${path}?tab=schedules`,
    async ({ page }) => {
      await page.getByText("Off: it starts no backups.").waitFor();
      expect(await page.getByText("only when somebody").count()).toBe(0);
    },
  );
});

test("a switch that the server refuses goes back", () =>
  stage.play(world(), `${path}?tab=schedules`, async ({ page, server }) => {
    const toggle = page.getByRole("switch");
    await toggle.waitFor();
    server.refuse(`PATCH /api/schedules/${server.world.schedules[0]?.id}`, {
      status: 500,
      code: "internal",
      message: "Something went wrong here.",
    });
    await toggle.click();
    await page.getByText("Something went wrong here.").waitFor();
    expect(await toggle.isChecked()).toBe(true);
  }));

test("secrets of a repository are replaced without being shown; what stays empty is not sent [CRD-02]", () =>
  stage.play(world(), `${path}?tab=repository`, async ({ page, server }) => {
    await page.getByText("rest:https://vault.lan:8000/pg-primary/").waitFor();
    await page.getByRole("button", { name: "Replace credentials" }).click();
    const save = page.getByRole("button", { name: "Save credentials" });
    expect(await save.isDisabled()).toBe(true);
    expect(await page.getByLabel("Repository password").inputValue()).toBe("");
    await page.getByLabel("Repository password").fill("the new one");
    await save.click();
    await page.getByText("Credentials replaced").waitFor();
    expect(server.sent.map(({ body }) => body)).toEqual([
      { password: "the new one" },
    ]);
    expect(await page.getByLabel("Repository password").count()).toBe(0);
  }));

test("a host without repository leads to the rest of its set-up, and backs up nothing", () =>
  stage.play(
    {
      ...world(),
      hosts: [
        hostDetail("new-nas", {
          health: "no_backup",
          set_up: false,
          last: null,
          next: null,
          snapshots: 0,
        }),
      ],
    },
    `/hosts/${hostDetail("new-nas").id}`,
    async ({ page }) => {
      await page
        .getByRole("heading", { name: "Set-up is not finished" })
        .waitFor();
      expect(await page.getByRole("button", { name: /Run/ }).count()).toBe(0);
      await page.getByRole("link", { name: "Finish set-up" }).click();
      await page.getByRole("dialog", { name: "Set up new-nas" }).waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.waitForURL((url) => url.search === "");
    },
  ));

test("who may not set up a host is neither offered it nor shown its form [UI-12]", () => {
  const fresh = hostDetail("new-nas", {
    health: "no_backup",
    set_up: false,
    last: null,
    next: null,
    snapshots: 0,
  });
  return stage.play(
    { ...world(), hosts: [fresh], session: userSession("operator") },
    `/hosts/${fresh.id}?setup&tab=settings`,
    async ({ page }) => {
      await page.getByRole("heading", { name: "Identity" }).waitFor();
      expect(await page.getByRole("dialog").count()).toBe(0);
      expect(await page.getByText("Finish set-up").count()).toBe(0);
      await page.getByRole("link", { name: "Fleet" }).first().click();
      await page.getByRole("link", { name: "new-nas", exact: true }).waitFor();
      expect(await page.getByText("Set up", { exact: true }).count()).toBe(0);
    },
  );
});

test("a host that is set up while one looks shows what it backs up from then on", () =>
  stage.play(
    {
      ...world(),
      hosts: [
        hostDetail("new-nas", {
          health: "no_backup",
          set_up: false,
          last: null,
          next: null,
          snapshots: 0,
        }),
      ],
      sources: [],
    },
    `/hosts/${hostDetail("new-nas").id}`,
    async ({ page, server }) => {
      await page
        .getByRole("heading", { name: "Set-up is not finished" })
        .waitFor();
      await server.heard("fleet");
      server.world.sources = seededWorld().sources;
      server.world.hosts = [
        hostDetail("new-nas", { health: "no_backup", last: null }),
      ];
      server.push("fleet", {
        type: "host.changed",
        host: server.world.hosts[0]!,
      });
      await page.getByRole("link", { name: "Sources" }).click();
      await page.getByText("/var/lib/postgresql", { exact: true }).waitFor();
    },
  ));

test("a viewer sees the host without switches, forms and actions [UI-12]", () =>
  stage.play(
    { ...world(), session: userSession("viewer") },
    `${path}?tab=schedules`,
    async ({ page }) => {
      await page.getByText("Next runs, host time").waitFor();
      expect(await page.getByRole("switch").isDisabled()).toBe(true);
      expect(
        await page.getByRole("button", { name: /Run|Retry/ }).count(),
      ).toBe(0);
      await page.getByRole("link", { name: "Repository" }).click();
      await page.getByText("rest:https://vault.lan:8000/pg-primary/").waitFor();
      expect(
        await page.getByRole("button", { name: "Replace credentials" }).count(),
      ).toBe(0);
    },
  ));

test("a host that does not exist says so", () =>
  stage.play(world(), "/hosts/hnobody000000", async ({ page }) => {
    await page.getByText("There is nothing at this address.").waitFor();
  }));

test("a repository that cannot be used is said on every tab of its host, with the reason", () =>
  stage.play(
    {
      ...seededWorld(),
      repositories: seededWorld().repositories.map((repository) => ({
        ...repository,
        status: "init_failed" as const,
        status_code: "repository_denied",
        status_message: "The repository's server refused the login.",
      })),
    },
    `/hosts/${hostDetail("pg-primary").id}?tab=jobs`,
    async ({ page }) => {
      await page
        .getByText("could not be made: The repository's server refused the")
        .waitFor();
      await page.getByText("repository_denied").waitFor();
    },
  ));
