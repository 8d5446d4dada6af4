import { expect, test } from "bun:test";
import { editedWorld, asleepWorld } from "./editor-screens.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld } from "./world.ts";

const stage = useStage();
const hostPath = `/hosts/${hostDetail("pg-primary").id}`;
const path = `${hostPath}?tab=schedules`;
const editor = `${hostPath}/schedules/${id("SCHEDULE")}`;

test("a schedule opens as the quick pick it is, and shows the next five runs in the host's zone as it is changed [UI-06]", () =>
  stage.play(seededWorld(), editor, async ({ page, server }) => {
    await page.getByText("Next runs, host time (Europe/Berlin)").waitFor();
    expect(await page.getByRole("radio", { name: "Daily" }).isChecked()).toBe(
      true,
    );
    expect(await page.getByLabel("At", { exact: true }).inputValue()).toBe(
      "02:37",
    );
    await page.getByText("Weekly").click();
    await page.getByText("Monday to Friday at 02:37").waitFor();
    for (const day of ["Mon", "Tue", "Thu", "Fri"])
      await page.getByText(day, { exact: true }).click();
    await page.getByText("Wednesday at 02:37").waitFor();
    await page.getByLabel("At", { exact: true }).fill("04:05");
    await page.getByText("Wednesday at 04:05").waitFor();
    const fires = await page.locator(".fires li").allInnerTexts();
    expect(fires.map((text) => text.split("\n").slice(0, 2))).toEqual(
      ["Wed 25 Nov", "Wed 2 Dec", "Wed 9 Dec", "Wed 16 Dec", "Wed 23 Dec"].map(
        (day) => [day, "04:05"],
      ),
    );
    await page.getByRole("button", { name: "Save schedule" }).click();
    await page.getByText("Schedule saved; the agent takes it over").waitFor();
    await page.getByRole("heading", { name: "Wednesday at 04:05" }).waitFor();
    expect(server.sent.map(({ method, body }) => [method, body])).toEqual([
      [
        "PATCH",
        {
          cron: "5 4 * * 3",
          enabled: true,
          group_ids: [id("SOURCE")],
          revision: "1",
        },
      ],
    ]);
  }));

test("a text that is no schedule is refused while it is typed, and is not saved [UI-06]", () =>
  stage.play(
    seededWorld(),
    `${hostPath}/schedules/new`,
    async ({ page, server }) => {
      await page.getByText("Custom").click();
      const text = page.getByLabel("Cron text");
      // It begins with what was chosen before.
      expect(await text.inputValue()).toBe("0 2 * * *");
      for (const wrong of ["0 0 2 * * *", "0 2 31 2 *"]) {
        await text.fill(wrong);
        await page.getByText("Use five cron fields").waitFor();
        await page.getByRole("button", { name: "Save schedule" }).click();
        expect(await text.getAttribute("aria-invalid")).toBe("true");
        await text.fill("0 2 * * *");
        await page.getByText("Daily at 02:00").waitFor();
      }
      expect(server.sent).toEqual([]);
    },
  ));

test("a server that cannot say the next runs does not keep a schedule from being saved [UI-06]", () =>
  stage.play(seededWorld(), editor, async ({ page, server }) => {
    const time = page.getByLabel("At", { exact: true });
    await page.getByText("Daily at 02:37").last().waitFor();
    server.refuse(`GET /api${hostPath}/schedules/preview`, {
      status: 503,
      code: "starting",
      message: "The server is starting.",
    });
    await time.fill("04:05");
    await page
      .getByText("The next runs could not be asked for: The server is starting")
      .waitFor();
    expect(await time.getAttribute("aria-invalid")).not.toBe("true");
    await page.getByRole("button", { name: "Save schedule" }).click();
    await page.getByText("Schedule saved; the agent takes it over").waitFor();
    expect(server.world.schedules[0]?.cron).toBe("5 4 * * *");
  }));

test("of answers to earlier texts only the newest counts", () =>
  stage.play(
    seededWorld(),
    `${hostPath}/schedules/new`,
    async ({ page, server }) => {
      await page.getByText("Daily at 02:00").waitFor();
      const slow = server.hold(`GET /api${hostPath}/schedules/preview`);
      const time = page.getByLabel("At", { exact: true });
      await time.fill("03:00");
      await slow.reached;
      await time.fill("03:30");
      await time.fill("04:00");
      slow.release();
      await page.getByText("Daily at 04:00").waitFor();
      expect(await page.getByText("Daily at 03:00").count()).toBe(0);
    },
  ));

test("a schedule runs several groups, in the order in which they are put [SCH-04]", () =>
  stage.play(
    { ...editedWorld(), schedules: [] },
    `${hostPath}/schedules/new`,
    async ({ page, server }) => {
      await page.getByRole("button", { name: "Save schedule" }).click();
      await page.getByText("Choose at least one source group.").waitFor();
      // Each row stays where it is when it is chosen.
      await page.getByLabel("database").check();
      await page.getByLabel("database").uncheck();
      await page.getByLabel("default").check();
      await page.getByLabel("database").check();
      await page.getByRole("button", { name: "Run database earlier" }).click();
      await page.getByRole("button", { name: "Run default earlier" }).waitFor();
      await page.getByRole("button", { name: "Save schedule" }).click();
      await page.getByText("backs up database, then default").waitFor();
      expect(server.sent.map(({ body }) => body)).toEqual([
        {
          cron: "0 2 * * *",
          enabled: true,
          group_ids: [id("DBGROUP"), id("SOURCE")],
        },
      ]);
    },
  ));

test("what the server refuses is said at its field, and nothing is lost", () =>
  stage.play(seededWorld(), editor, async ({ page, server }) => {
    server.refuse(`PATCH /api/schedules/${id("SCHEDULE")}`, {
      status: 400,
      code: "invalid_request",
      message: "The request is not valid; the fields say what to change.",
      fields: {
        "group_ids.0": { code: "unknown", message: "Of another host." },
      },
    });
    await page.getByLabel("At", { exact: true }).fill("05:00");
    await page.getByRole("button", { name: "Save schedule" }).click();
    await page.getByText("Of another host.").waitFor();
    expect(await page.getByLabel("At", { exact: true }).inputValue()).toBe(
      "05:00",
    );
  }));

test("a schedule is deleted after a question", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Delete Daily at 02:37" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Delete Daily at 02:37" }).click();
    await page.getByRole("button", { name: "Delete schedule" }).click();
    await page.getByRole("heading", { name: "No schedule" }).waitFor();
    expect(server.sent.map(({ method }) => method)).toEqual(["DELETE"]);
  }));

test("runs that were missed are listed with why, and with what made up for them [SCH-07]", () =>
  stage.play(editedWorld(), path, async ({ page }) => {
    await page.getByText("5 runs missed in 30 days").waitFor();
    const lines = await page.locator(".missed li").allInnerTexts();
    expect(lines.map((line) => line.replaceAll(/\s+/g, " "))).toEqual([
      `4 runs, Fri 13 Nov, 10:41 to Mon 16 Nov, 10:41: the host was off, or its agent did not run; made up for by job ${id("CAUGHTUP").slice(-6)}.`,
      "Thu 19 Nov, 10:41, default: given up after 4 attempts without success; nothing was backed up instead.",
    ]);
  }));

test("a host that is away is asleep where it may be, and takes changes over when it is back [SCH-02] [SCH-07]", () =>
  stage.play(
    asleepWorld(),
    `/hosts/${hostDetail("laptop-jonas").id}?tab=schedules`,
    async ({ page, server }) => {
      await page.getByText("v5 pending, v4 applied").waitFor();
      await page.getByText("Asleep").first().waitFor();
      await page.getByText("The host takes over the newest").first().waitFor();
      const run = page.getByRole("button", { name: "Run now" });
      expect([await run.isDisabled(), await run.getAttribute("title")]).toEqual(
        [true, "The host is asleep"],
      );
      await page.getByRole("link", { name: "Edit Daily at 02:37" }).click();
      await page.getByRole("button", { name: "Save schedule" }).click();
      await page
        .getByText("laptop-jonas takes it over when it is back")
        .waitFor();
      await server.heard("fleet");
      server.world.schedules = server.world.schedules.map((schedule) => ({
        ...schedule,
        applied: true,
      }));
      server.push("fleet", {
        type: "host.config",
        host_id: hostDetail("laptop-jonas").id,
        cfg_rev: 5,
        applied_cfg_rev: 5,
      });
      await page.getByText("Next runs, host time").first().waitFor();
    },
  ));

test("why the agent cannot run a schedule stands in its place", () =>
  stage.play(
    {
      ...seededWorld(),
      schedules: seededWorld().schedules.map((schedule) => ({
        ...schedule,
        problem: "The zone Mars/Olympus is unknown.",
      })),
    },
    path,
    async ({ page }) => {
      await page
        .getByText("The agent cannot run it: The zone Mars/Olympus is unknown.")
        .waitFor();
    },
  ));

test("when a host runs next, and that it is due, is the same on the fleet, on a phone's card and on its page [SCH-06]", () =>
  stage.play(asleepWorld(), "/", async ({ page }) => {
    const next = (name: string) =>
      page.getByRole("row", { name }).locator(".next");
    expect(await next("nas-01").innerText()).toBe("in 19h");
    expect(await next("laptop-jonas").innerText()).toBe("due");
    await page.setViewportSize({ width: 800, height: 900 });
    expect(await next("nas-01").innerText()).toBe("in 19h");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await next("nas-01").innerText()).toBe("Next run in 19h");
    expect(await next("laptop-jonas").innerText()).toBe("Next run due");
    // What is only due is not the next backup of the fleet.
    const tile = page.getByRole("region", { name: "Next backup" });
    expect(await tile.innerText()).not.toContain("laptop-jonas");
    for (const [name, said] of [
      ["nas-01", "in 19h"],
      ["laptop-jonas", "Due"],
    ] as const) {
      await page.goto(
        new URL(`/hosts/${hostDetail(name).id}`, page.url()).href,
      );
      const vital = page.locator(".vitals div", { hasText: "Next run" });
      await vital.getByText(said).waitFor();
    }
  }));
