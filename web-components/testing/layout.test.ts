import { expect, test } from "bun:test";
import type { Locator } from "playwright-core";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld } from "./world.ts";

const stage = useStage();
const laptop = { width: 1280, height: 757 };

/** Pixels of the element that can only be seen by scrolling it: right and down. */
function hidden(element: Locator): Promise<[number, number]> {
  return element.evaluate((box): [number, number] => [
    box.scrollWidth - box.clientWidth,
    box.scrollHeight - box.clientHeight,
  ]);
}

test("of a long dialog only its body scrolls", () =>
  stage.play(
    seededWorld(),
    `/hosts/${hostDetail("new-nas").id}?setup`,
    async ({ page }) => {
      await page.getByRole("button", { name: "Create repository" }).waitFor();
      expect(await hidden(page.locator("rm-dialog dialog"))).toEqual([0, 0]);
      const [right, down] = await hidden(page.locator("rm-dialog .body"));
      expect(right).toBe(0);
      expect(down).toBeGreaterThan(100);
      await page.getByLabel("I have saved it").focus();
      expect(
        await page.getByRole("heading", { name: "Set up new-nas" }).isVisible(),
      ).toBe(true);
    },
    laptop,
  ));

test("no number of a host is cut", () =>
  stage.play(
    seededWorld(),
    `/hosts/${hostDetail("pg-primary").id}`,
    async ({ page }) => {
      const notes = page.locator(".vitals small");
      await page.getByText(/host time$/).waitFor();
      for (const width of [1190, 1266, 1280, 1366, 1401, 1440]) {
        await page.setViewportSize({ width, height: 757 });
        for (const note of await notes.all())
          expect([width, await note.innerText(), await hidden(note)]).toEqual([
            width,
            expect.any(String),
            [0, 0],
          ]);
      }
    },
    laptop,
  ));

test("what stands beside a job's log has no scrollbar of its own", () =>
  stage.play(
    seededWorld(),
    `/jobs/${id("RUNpg-primary")}`,
    async ({ page }) => {
      await page.getByText(/^\d+ lines/).waitFor();
      const aside = page.getByRole("complementary", { name: "About this job" });
      const log = page.locator("rm-job-log");
      for (const height of [600, 757, 1200]) {
        await page.setViewportSize({ width: 1280, height });
        expect(await hidden(aside)).toEqual([0, 0]);
        expect(
          await aside.evaluate((box) => getComputedStyle(box).overflowY),
        ).toBe("visible");
        const box = await log.boundingBox();
        expect(box?.height).toBeGreaterThanOrEqual(320);
        expect(box?.height).toBeLessThan(height);
      }
    },
    laptop,
  ));

test("of a host that does not exist nothing more is asked", () =>
  stage.play(seededWorld(), "/hosts/hnobody000000", async ({ page }) => {
    await page.getByText("There is nothing at this address.").waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    await page.getByText("There is nothing at this address.").waitFor();
    const ofTheHost = asked.filter((url) => /api.*hnobody/.test(url));
    expect(new Set(ofTheHost.map((url) => new URL(url).pathname))).toEqual(
      new Set(["/api/hosts/hnobody000000"]),
    );
  }));
