import { expect, test } from "bun:test";
import { editedWorld } from "./editor-screens.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const path = `/hosts/${hostDetail("pg-primary").id}?tab=sources`;
const editor = `/hosts/${hostDetail("pg-primary").id}/sources/${id("SOURCE")}`;
const route = `/api/sources/${id("SOURCE")}`;

test("what a host backs up is changed, and everything else of it stays [SRC-01]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByRole("link", { name: "Edit default" }).click();
    const paths = page.getByLabel("Paths to back up");
    expect(await paths.inputValue()).toBe("/etc\n/srv\n/var/lib/postgresql");
    expect(await page.getByLabel("Exclude patterns").inputValue()).toBe(
      "**/.cache\n**/lost+found\n/var/lib/postgresql/*/main/pg_wal",
    );
    await paths.fill("/etc\n/var/lib/postgresql");
    await page.getByLabel("node_modules").check();
    await page.getByLabel("Folders with a CACHEDIR.TAG").uncheck();
    await page.getByRole("button", { name: "Save source group" }).click();
    await page.getByText("default saved; the agent takes it over").waitFor();
    await page.getByText("**/node_modules").waitFor();
    expect(await page.getByText("/srv", { exact: true }).count()).toBe(0);
    expect(server.sent).toEqual([
      {
        method: "PUT",
        path: route,
        csrf: "csrf-of-the-test",
        body: {
          name: "default",
          includes: ["/etc", "/var/lib/postgresql"],
          excludes: [
            "**/node_modules",
            "**/.cache",
            "**/lost+found",
            "/var/lib/postgresql/*/main/pg_wal",
          ],
          options: { exclude_caches: false, one_file_system: false },
          retention: { last: 3, daily: 7, weekly: 5, monthly: 12, yearly: 2 },
          retry: { max: 3, backoff_s: 60 },
          repository_id: id("REPO"),
          revision: "1",
        },
      },
    ]);
    await page.getByRole("link", { name: "Edit default" }).click();
    expect(await page.getByLabel("node_modules").isChecked()).toBe(true);
  }));

test("a fault is said at its field, and nothing typed is lost", () =>
  stage.play(seededWorld(), editor, async ({ page, server }) => {
    server.refuse(`PUT ${route}`, {
      status: 400,
      code: "invalid_request",
      message: "Some fields need a change.",
      fields: {
        "excludes.0": { code: "invalid", message: "Too long." },
        "retention.within_daily": { code: "invalid", message: "Too short." },
      },
    });
    const paths = page.getByLabel("Paths to back up");
    await paths.fill("home");
    await page.getByLabel("Daily", { exact: true }).fill("1.5");
    const save = page.getByRole("button", { name: "Save source group" });
    await save.click();
    await page.getByText("home is not absolute").waitFor();
    await page.getByText("Use a whole number from 1").waitFor();
    expect(server.sent).toEqual([]);
    await paths.fill("/home");
    await page.getByLabel("Daily", { exact: true }).fill("");
    await save.click();
    const patterns = page.getByLabel("Exclude patterns");
    await page.getByText("Too long.").waitFor();
    // Its part of the form is opened to show it.
    await page.getByText("Too short.").waitFor();
    expect(await patterns.getAttribute("aria-invalid")).toBe("true");
    expect(await patterns.evaluate((field) => field.matches(":focus"))).toBe(
      true,
    );
    expect(await paths.inputValue()).toBe("/home");
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByText("/var/lib/postgresql", { exact: true }).waitFor();
  }));

test("the retention preview says what a policy comes to, and what keeps everything [UI-06]", () =>
  stage.play(seededWorld(), editor, async ({ page, server }) => {
    const says = page.locator(".keeps");
    await page.getByText("one a month for 12 months").waitFor();
    expect((await says.innerText()).replaceAll(/\s+/g, " ")).toStartWith(
      "Keeps 22 snapshots in the long run, the oldest about 11 months old:",
    );
    await page.getByLabel("Monthly", { exact: true }).fill("24");
    await page.getByText("one a month for 24 months").waitFor();
    expect(await says.innerText()).toContain("23 months");
    for (const rule of ["Last", "Daily", "Weekly", "Monthly", "Yearly"])
      await page.getByLabel(rule, { exact: true }).fill("");
    await page.getByText("Keeps every snapshot.").waitFor();
    await page.getByRole("button", { name: "Save source group" }).click();
    await page.getByText("every snapshot; nothing is ever removed").waitFor();
    expect(server.sent.map(({ body }) => body)).toEqual([
      expect.objectContaining({ retention: {} }),
    ]);
  }));

test("a keep rule finer than the schedules is pointed out, while editing and on the list [SRC-04]", () =>
  stage.play(editedWorld(), path, async ({ page }) => {
    const hint =
      "Keeping hourly snapshots adds nothing: the schedules of this group back it up once a day or less.";
    await page.getByText(hint).waitFor();
    await page.getByRole("link", { name: "Edit database" }).click();
    await page.getByText(hint).waitFor();
    await page.getByLabel("Hourly", { exact: true }).fill("");
    await page.getByText(hint).waitFor({ state: "detached" });
  }));

test("a group is added with the host's default repository, or another of its own [SRC-01]", () => {
  const world = seededWorld();
  const [repository] = world.repositories;
  const offsite = { ...repository!, id: id("OFFSITE"), name: "offsite" };
  return stage.play(
    { ...world, repositories: [repository!, offsite] },
    path,
    async ({ page, server }) => {
      await page.getByRole("link", { name: "Add source group" }).click();
      await page.getByLabel("Name").fill("photos");
      await page.getByLabel("Paths to back up").fill("/srv/photos");
      const where = page.getByLabel("Repository");
      expect(await where.inputValue()).toBe("");
      await where.selectOption({ label: "offsite" });
      await page.getByLabel("Further attempts").fill("2");
      await page.getByText("tried again after 1 min, 2 min; then").waitFor();
      await page.getByRole("button", { name: "Save source group" }).click();
      const card = page.getByRole("region", { name: "Source group photos" });
      await card.getByText("no schedule names it").waitFor();
      await card.getByText("offsite").waitFor();
      expect(server.sent.map(({ method, body }) => [method, body])).toEqual([
        [
          "POST",
          {
            name: "photos",
            includes: ["/srv/photos"],
            excludes: expect.any(Array),
            options: { exclude_caches: true, one_file_system: false },
            retention: { daily: 7, weekly: 5, monthly: 12 },
            retry: { max: 2, backoff_s: 60 },
            repository_id: offsite.id,
          },
        ],
      ]);
    },
  );
});

test("another name warns that snapshots so far keep the old tag [SRC-01]", () =>
  stage.play(seededWorld(), editor, async ({ page }) => {
    await page.getByLabel("Name").fill("system");
    await page
      .getByText("Snapshots made so far keep the tag default")
      .waitFor();
    await page.getByLabel("Name").fill("default");
    await page
      .getByText("Snapshots made so far keep the tag")
      .waitFor({ state: "detached" });
  }));

test("a group that a schedule runs cannot be deleted, and the dialog leads to the schedule [SRC-02]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Delete default" }).click();
    await page.getByText("1 schedule runs it.").waitFor();
    expect(
      await page.getByRole("button", { name: "Delete source group" }).count(),
    ).toBe(0);
    await page.getByRole("link", { name: "Daily at 02:37" }).click();
    await page.getByRole("heading", { name: "Edit schedule" }).waitFor();
    expect(server.sent).toEqual([]);
  }));

test("a group that somebody has just put into a schedule is not deleted, and the dialog shows which [SRC-02]", () =>
  stage.play(
    { ...seededWorld(), schedules: [] },
    path,
    async ({ page, server }) => {
      await page.getByRole("button", { name: "Delete default" }).click();
      server.world.schedules = seededWorld().schedules;
      await page.getByRole("button", { name: "Delete source group" }).click();
      await page.getByText("source_group_used").waitFor();
      await page.getByRole("link", { name: "Daily at 02:37" }).waitFor();
      server.world.schedules = [];
    },
  ));

test("a group that nothing runs is deleted [SRC-01]", () =>
  stage.play(
    { ...seededWorld(), schedules: [] },
    path,
    async ({ page, server }) => {
      await page.getByRole("button", { name: "Delete default" }).click();
      await page.getByRole("button", { name: "Delete source group" }).click();
      await page.getByText("Nothing is backed up").waitFor();
      expect(server.sent.map(({ method }) => method)).toEqual(["DELETE"]);
    },
  ));

test("a viewer sees the sources and cannot change them [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    path,
    async ({ page }) => {
      await page.getByText("/var/lib/postgresql", { exact: true }).waitFor();
      for (const name of ["Edit default", "Delete default", "Add source group"])
        expect(
          await page.getByText(name).or(page.getByLabel(name)).count(),
        ).toBe(0);
      expect(await page.getByRole("link", { name: "Hooks" }).count()).toBe(0);
      await page.goto(new URL(editor, page.url()).href);
      await page.getByText("Your role may not change source groups.").waitFor();
    },
  ));

test("a set-up with paths that the host does not have says so and leads to where they are changed", () =>
  stage.play(
    { ...seededWorld(), missingIncludes: ["/hom", "/data"] },
    `/hosts/${hostDetail("new-nas").id}?setup`,
    async ({ page, server }) => {
      await page
        .getByLabel("Server", { exact: true })
        .fill("https://vault.lan:8000");
      await page.getByLabel("I have saved it").check();
      await page
        .getByRole("button", { name: "Create repository and save" })
        .click();
      const warning = page.getByRole("dialog", {
        name: "new-nas is set up, but not all paths are there",
      });
      await warning.waitFor();
      await page.getByText("/hom", { exact: true }).waitFor();
      await page.getByText("/data", { exact: true }).waitFor();
      // The host's own news must not take the warning away.
      await server.heard("fleet");
      server.push("fleet", {
        type: "host.changed",
        host: server.world.hosts.find(({ name }) => name === "new-nas")!,
      });
      await page.locator("rm-tabs").getByText("Sources").waitFor();
      expect(await warning.count()).toBe(1);
      await page.getByRole("button", { name: "Change the paths" }).click();
      await page.getByRole("link", { name: "Edit default" }).waitFor();
      expect(new URL(page.url()).search).toBe("?tab=sources");
      expect(await page.getByRole("dialog").count()).toBe(0);
    },
  ));
