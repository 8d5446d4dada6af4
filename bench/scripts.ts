import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  launchBrowser,
  logInByBrowser,
  openTab,
} from "../install/e2e/rig/browser.ts";
import type { Lab } from "../install/e2e/rig/lab.ts";
import { root } from "../install/e2e/rig/places.ts";
import { adminPassword, startServer } from "../install/e2e/rig/server.ts";
import { type Figure, figure, kilobytes } from "./figures.ts";

const ui = join(root, "dist/ui");

/** JavaScript in brotli: what a browser really loads for the fleet page, and everything there is. */
export async function measureScripts(lab: Lab): Promise<Figure[]> {
  const server = await startServer(lab);
  const browser = await launchBrowser();
  lab.defer(() => browser.close());
  const { page } = await openTab(lab, browser);
  await logInByBrowser(page, server.url, "admin", adminPassword);

  const loaded = new Set<string>();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith(".js")) loaded.add(pathname);
  });
  await page.reload({ waitUntil: "networkidle" });

  const all = readdirSync(join(ui, "assets")).filter((name) =>
    name.endsWith(".js"),
  );
  const bytes = (paths: Iterable<string>) =>
    [...paths].reduce(
      (sum, path) => sum + statSync(join(ui, `${path}.br`)).size,
      0,
    );
  return [
    figure(
      "JavaScript, first route",
      kilobytes(bytes(loaded)),
      "<= 45 kB",
      `brotli, ${loaded.size} files that a browser loads for /`,
    ),
    figure(
      "JavaScript, all routes",
      kilobytes(bytes(all.map((name) => `assets/${name}`))),
      "<= 150 kB",
      `brotli, ${all.length} files`,
    ),
  ];
}
