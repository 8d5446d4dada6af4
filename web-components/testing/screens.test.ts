import { describe, expect, test } from "bun:test";
import { axeViolations, sidewaysOverflow } from "./browser.ts";
import { screens } from "./screens.ts";
import { useStage } from "./stage.ts";
import type { World } from "./world.ts";

const widths = [360, 390, 720, 900, 1024, 1440, 1920];
const audited = [
  { width: 1440, theme: "light" },
  { width: 1440, theme: "dark" },
  { width: 390, theme: "light" },
  { width: 390, theme: "dark" },
] as const;

const stage = useStage();

/** Long lists repeat themselves; a few rows are as good to audit. */
function shortened(world: World): World {
  const { jobs, snapshots, log } = world;
  return {
    ...world,
    jobs: jobs.slice(0, 8),
    snapshots: snapshots.slice(0, 8),
    log: log.slice(0, 70),
  };
}

describe("every screen is accessible, fits every width and stays inside the content policy [UI-13]", () => {
  for (const screen of screens) {
    test(screen.name, () =>
      stage.play(
        shortened(screen.world()),
        screen.path,
        async ({ page, server, complaints }) => {
          await screen.ready(page, server);
          for (const width of widths) {
            await page.setViewportSize({ width, height: 900 });
            expect(`${width}: ${await sidewaysOverflow(page)}`).toBe(
              `${width}: 0`,
            );
          }
          for (const { width, theme } of audited) {
            await page.setViewportSize({ width, height: 900 });
            await page.emulateMedia({ colorScheme: theme });
            expect(await axeViolations(page)).toEqual([]);
          }
          expect(
            complaints.filter(
              (text) => !(screen.expected?.test(text) ?? false),
            ),
          ).toEqual([]);
        },
        { prepare: screen.prepare },
      ),
    );
  }
});
