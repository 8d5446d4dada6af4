/** Renders every screen for a person to look at: `bun web-components/testing/screenshots.ts <outdir> [name…]`. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildUi } from "../build.ts";
import { launchBrowser, openPage } from "./browser.ts";
import { screens } from "./screens.ts";
import { startFixtureServer } from "./fixture-server.ts";

const [outdir = "screenshots", ...only] = process.argv.slice(2);
const views = [
  { label: "1440-light", width: 1440, theme: "light" },
  { label: "1440-dark", width: 1440, theme: "dark" },
  { label: "390-light", width: 390, theme: "light" },
  { label: "390-dark", width: 390, theme: "dark" },
] as const;

async function main(): Promise<void> {
  mkdirSync(outdir, { recursive: true });
  const ui = mkdtempSync(join(tmpdir(), "rm-ui-"));
  await buildUi(ui);
  const browser = await launchBrowser();
  for (const screen of screens.filter(
    ({ name }) => only.length === 0 || only.includes(name),
  )) {
    for (const view of views) {
      const server = startFixtureServer(ui, screen.world());
      screen.prepare?.(server);
      const { page, complaints, close } = await openPage(
        browser,
        server.url + screen.path,
        view,
      );
      await screen.ready(page, server);
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({
        path: join(outdir, `${screen.name}-${view.label}.png`),
      });
      console.log(`${screen.name} ${view.label} ${complaints.join(" | ")}`);
      await close();
      await server.stop();
    }
  }
  await browser.close();
}

await main();
