import { expect, test } from "bun:test";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld } from "./world.ts";

const stage = useStage();
const places = [
  { place: "the fleet", path: "/", button: /^Run now on web-01/, of: "web-01" },
  {
    place: "a host's page",
    path: `/hosts/${hostDetail("web-01").id}`,
    button: "Run now",
    of: "web-01",
  },
  {
    place: "a failed job",
    path: `/jobs/${id("FAILEDweb-01")}`,
    button: "Run again",
    of: "web-01",
  },
];

function world() {
  const world = seededWorld();
  const [past] = world.jobs;
  const web = hostDetail("web-01");
  world.jobs.push({
    ...past!,
    id: id("FAILEDweb-01"),
    host_id: web.id,
    host_name: web.name,
    state: "failed",
    finished_at: past!.queued_at,
  });
  return world;
}

for (const { place, path, button, of } of places) {
  const runs = `/api/hosts/${hostDetail(of).id}/jobs`;

  test(`a double click on ${place} starts one backup [JOB-02]`, () =>
    stage.play(world(), path, async ({ page, server }) => {
      await page.getByRole("button", { name: button }).dblclick();
      await page.waitForURL(`**/jobs/${id(`NEW${of}`)}`);
      await page.getByRole("button", { name: "Cancel job" }).waitFor();
      expect(server.sent.map((request) => request.path)).toEqual([runs]);
    }));

  test(`the button of ${place} is busy until the job is there [JOB-02]`, () =>
    stage.play(
      world(),
      path,
      async ({ page }) => {
        await page.getByRole("button", { name: button }).click();
        const starting = page.getByRole("button", { name: /^Starting/ });
        await starting.waitFor();
        expect(await starting.isDisabled()).toBe(true);
      },
      { prepare: (server) => server.hang(runs) },
    ));
}

test("a failed backup of a source group that was deleted is not offered again, for another group's would run [JOB-02]", () => {
  const made = world();
  const jobs = made.jobs.map((job) => ({
    ...job,
    source_group_id: null,
    source_group_name: null,
  }));
  return stage.play({ ...made, jobs }, places[2]!.path, async ({ page }) => {
    await page.getByRole("heading", { name: "Backup of web-01" }).waitFor();
    await page.getByRole("region", { name: "Result" }).waitFor();
    expect(await page.getByRole("button", { name: "Run again" }).count()).toBe(
      0,
    );
  });
});

test("a backup that was refused is told in words, by code and request id, and can be started again [JOB-03] [API-03]", () =>
  stage.play(world(), places[1]!.path, async ({ page, server }) => {
    const route = `POST /api/hosts/${hostDetail("web-01").id}/jobs`;
    server.refuse(route, {
      status: 503,
      code: "host_offline",
      message: "The host is offline; nothing was queued.",
    });
    const run = page.getByRole("button", { name: "Run now" });
    await run.click();
    await page
      .getByText(
        "The host is offline; nothing was queued. (host_offline, request req-1)",
      )
      .waitFor();
    server.refuse(route, null);
    await run.click();
    await page.getByRole("heading", { name: "Backup of web-01" }).waitFor();
    expect(server.sent).toHaveLength(2);
  }));

test("a backup that is refused after its page was left is told all the same [JOB-03]", () =>
  stage.play(world(), places[0]!.path, async ({ page, server }) => {
    const route = `POST /api/hosts/${hostDetail("web-01").id}/jobs`;
    server.refuse(route, {
      status: 503,
      code: "host_offline",
      message: "The host is offline; nothing was queued.",
    });
    const asking = server.hold(route);
    await page.getByRole("button", { name: places[0]!.button }).click();
    await asking.reached;
    await page
      .getByRole("link", { name: /^Alerts/ })
      .first()
      .click();
    await page.getByRole("heading", { name: "Alerts" }).waitFor();
    asking.release();
    await page.getByText("nothing was queued").waitFor();
  }));
