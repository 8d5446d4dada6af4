import { describe, expect, test } from "bun:test";
import { item, next, step, wiki } from "./restore-parts.ts";
import { restorePath } from "./restore-screens.ts";
import { hostDetail } from "./seed-hosts.ts";
import { repository } from "./seed-repositories.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession, type World } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary");
const nas = hostDetail("nas-01");

test("a name that was typed for one choice does not arm another one [RTR-04]", () =>
  stage.play(
    seededWorld(),
    restorePath({ step: "review", mode: "in_place", ...wiki }),
    async ({ page }) => {
      const name = page.getByLabel("Type pg-primary to go on");
      await page.getByText("189 MB needed").waitFor();
      await name.fill("pg-primary");
      expect(await next(page, "Restore").isEnabled()).toBe(true);
      await step(page, "Files").click();
      await page.getByLabel("Everything").check();
      await step(page, "Review").click();
      await page.getByText("189 MB needed").waitFor();
      expect(await name.inputValue()).toBe("");
      expect(await next(page, "Restore").isDisabled()).toBe(true);
    },
  ));

test("a name that was typed stays for the same choice [RTR-04]", () =>
  stage.play(
    seededWorld(),
    restorePath({ step: "review", mode: "in_place", ...wiki }),
    async ({ page }) => {
      const name = page.getByLabel("Type pg-primary to go on");
      await name.fill("pg-primary");
      await next(page, "Back").click();
      await next(page, "Review").click();
      expect(await name.inputValue()).toBe("pg-primary");
    },
  ));

describe("another host [RTR-07]", () => {
  const access = "The host gets access to the repository of pg-primary";
  const path = restorePath({ step: "target", mode: "other", ...wiki });

  test("that does not use the repository is said to get access", () =>
    stage.play(seededWorld(), path, async ({ page }) => {
      const hosts = page.getByLabel("Host", { exact: true });
      await hosts.selectOption({ label: "nas-01" });
      await page.getByText(access).waitFor();
    }));

  test("that uses it is offered to an operator, gets no access and needs no typed name", () =>
    stage.play(
      {
        ...seededWorld(),
        session: userSession("operator"),
        repositories: [repository({ host_ids: [host.id, nas.id] })],
      },
      path,
      async ({ page }) => {
        const hosts = page.getByLabel("Host", { exact: true });
        await hosts.selectOption({ label: "nas-01" });
        expect(await page.getByText(access).count()).toBe(0);
        await next(page, "Review").click();
        await page
          .getByRole("heading", { name: "Restore to nas-01" })
          .waitFor();
        expect(await page.getByLabel("Type nas-01").count()).toBe(0);
      },
    ));
});

test("a link cannot be downloaded by itself, and the page says so before it is asked for [DIF-01]", () =>
  stage.play(
    seededWorld(),
    restorePath({ step: "files", path: "/etc/localtime" }),
    async ({ page }) => {
      await item(page, /^localtime/).waitFor();
      await step(page, "Destination").click();
      await page.getByRole("radio", { name: "Download" }).check();
      const fault = page.getByText(
        "/etc/localtime is neither a file nor a folder",
      );
      await fault.waitFor();
      await next(page, "Review").click();
      await fault.waitFor();
      expect(await next(page, "Download").isDisabled()).toBe(true);
    },
  ));

describe("whose files are wanted back [RTR-01]", () => {
  function worldOf(...hosts: World["hosts"]): World {
    return { ...seededWorld(), hosts };
  }

  test("may be a host that has made none of its snapshots itself", () =>
    stage.play(
      worldOf({ ...host, snapshot_count: 0 }),
      "/restore",
      async ({ page }) => {
        await page.getByRole("link", { name: /none of its own/ }).click();
        await page.getByRole("grid").waitFor();
      },
    ));

  test("is nobody's as long as no host is set up", () =>
    stage.play(
      worldOf(hostDetail("new-nas", { set_up: false, snapshots: 0 })),
      "/restore",
      async ({ page }) => {
        await page.getByText("No snapshots yet").waitFor();
      },
    ));
});
