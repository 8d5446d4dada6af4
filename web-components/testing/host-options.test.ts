import { expect, test } from "bun:test";
import { editedWorld } from "./editor-screens.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("nas-01").id;
const path = `/hosts/${host}?tab=settings`;

test("tags, being away, the index and bandwidth of a host are set [UI-03] [SCH-07] [SCH-08]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    const save = page.getByRole("button", { name: "Save host" });
    await save.waitFor();
    expect(await save.isDisabled()).toBe(true);
    await page.getByLabel("Tags").fill("nas, Attic");
    await page.getByLabel("Always on").uncheck();
    await page.getByLabel("Index of files after every backup").uncheck();
    await page.getByLabel("Upload limit, KiB/s").fill("2048");
    await page.getByText("2.1 MB/s").waitFor();
    await save.click();
    await page.getByText("Attic: use 1 to 32 lower-case letters").waitFor();
    expect(server.sent).toEqual([]);
    await page.getByLabel("Tags").fill("nas attic nas");
    await save.click();
    await page.getByText("nas-01 saved; the agent takes it over").waitFor();
    expect(server.sent.map(({ method, body }) => [method, body])).toEqual([
      [
        "PATCH",
        {
          tags: ["nas", "attic"],
          always_on: false,
          index_enabled: false,
          bandwidth: { up_kbps: 2048, down_kbps: null },
        },
      ],
    ]);
    await page.locator(".facts").getByText("attic").waitFor();
    expect(await save.isDisabled()).toBe(true);
  }));

test("a refusal stands at its field, and nothing typed is lost", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    server.refuse(`PATCH /api/hosts/${host}`, {
      status: 400,
      code: "invalid_request",
      message: "The request is not valid; the fields say what to change.",
      fields: {
        "bandwidth.down_kbps": { code: "invalid", message: "Too much." },
      },
    });
    const down = page.getByLabel("Download limit, KiB/s");
    await down.fill("9999999");
    await page.getByRole("button", { name: "Save host" }).click();
    await page.getByText("Too much.").waitFor();
    expect(await down.inputValue()).toBe("9999999");
    expect(await down.evaluate((field) => field.matches(":focus"))).toBe(true);
  }));

test("a viewer reads what is set and changes nothing [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    path,
    async ({ page }) => {
      await page.getByText("no limit").waitFor();
      await page.getByText("after every backup").waitFor();
      expect(await page.getByLabel("Tags").count()).toBe(0);
    },
  ));

test("a backup is started with another bandwidth than the host's [SCH-08]", () =>
  stage.play(seededWorld(), `/hosts/${host}`, async ({ page, server }) => {
    await page.getByRole("link", { name: "Back up with options" }).click();
    await page.getByText("For this run").click();
    await page.getByLabel("Upload limit, KiB/s").fill("0");
    await page.getByRole("button", { name: "Back up now" }).click();
    await page.getByText("Use a whole number from 1").waitFor();
    await page.getByLabel("Upload limit, KiB/s").fill("512");
    await page.getByRole("button", { name: "Back up now" }).click();
    await page.waitForURL(/\/jobs\//);
    expect(server.sent.map(({ body }) => body)).toEqual([
      {
        kind: "backup",
        source_group_id: id("SOURCE"),
        limits: { up_kbps: 512, down_kbps: null },
      },
    ]);
  }));

test("where a host has several source groups, Run now asks which", () =>
  stage.play(editedWorld(), "/", async ({ page, server }) => {
    await page.getByRole("button", { name: "Run now on nas-01" }).click();
    await page.getByRole("dialog", { name: "Back up nas-01 now" }).waitFor();
    expect(server.sent).toEqual([]);
    await page.getByLabel("database").check();
    await page.getByRole("button", { name: "Back up now" }).click();
    await page.waitForURL(/\/jobs\//);
    expect(server.sent.map(({ body }) => body)).toEqual([
      { kind: "backup", source_group_id: id("DBGROUP") },
    ]);
  }));
