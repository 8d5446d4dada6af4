import { expect, test } from "bun:test";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const path = `/hosts/${hostDetail("pg-primary").id}?tab=sources`;
const route = `/api/sources/${id("SOURCE")}`;

test("what a host backs up is changed, and everything else of it stays [SRC-01]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Edit" }).click();
    const paths = page.getByLabel("Paths to back up");
    expect(await paths.inputValue()).toBe("/etc\n/srv\n/var/lib/postgresql");
    expect(await paths.evaluate((field) => field.matches(":focus"))).toBe(true);
    expect(await page.getByLabel("Exclude patterns").inputValue()).toBe(
      "**/.cache\n**/lost+found\n/var/lib/postgresql/*/main/pg_wal",
    );
    await paths.fill("/etc\n/var/lib/postgresql");
    await page.getByLabel("node_modules").check();
    await page.getByLabel("Folders with a CACHEDIR.TAG").uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved; the agent uses it from its next").waitFor();
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
        },
      },
    ]);
    await page.getByRole("button", { name: "Edit" }).click();
    expect(await page.getByLabel("node_modules").isChecked()).toBe(true);
    expect(await page.getByLabel("Exclude patterns").inputValue()).toBe(
      "**/.cache\n**/lost+found\n/var/lib/postgresql/*/main/pg_wal",
    );
  }));

test("a fault is said at its field, and nothing typed is lost", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    server.refuse(`PUT ${route}`, {
      status: 400,
      code: "invalid_request",
      message: "Some fields need a change.",
      fields: { "excludes.0": { code: "invalid", message: "Too long." } },
    });
    await page.getByRole("button", { name: "Edit" }).click();
    const paths = page.getByLabel("Paths to back up");
    await paths.fill("home");
    const save = page.getByRole("button", { name: "Save" });
    await save.click();
    await page.getByText("home is not absolute").waitFor();
    expect(server.sent).toEqual([]);
    await paths.fill("/home");
    await save.click();
    const patterns = page.getByLabel("Exclude patterns");
    await page.getByText("Too long.").waitFor();
    expect(await patterns.getAttribute("aria-invalid")).toBe("true");
    expect(await patterns.evaluate((field) => field.matches(":focus"))).toBe(
      true,
    );
    expect(await paths.inputValue()).toBe("/home");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("/var/lib/postgresql", { exact: true }).waitFor();
    expect(await page.getByText("Some fields need a change.").count()).toBe(0);
  }));

test("a viewer sees the sources and cannot change them [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    path,
    async ({ page }) => {
      await page.getByText("/var/lib/postgresql", { exact: true }).waitFor();
      expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
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
      await page.getByRole("button", { name: "Edit" }).waitFor();
      expect(new URL(page.url()).search).toBe("?tab=sources");
      expect(await page.getByRole("dialog").count()).toBe(0);
    },
  ));
