import { afterAll, beforeAll, setDefaultTimeout } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { buildUi } from "../build.ts";
import { launchBrowser, openPage, type View } from "./browser.ts";
import { type FixtureServer, startFixtureServer } from "./fixture-server.ts";
import type { World } from "./world.ts";

export interface Scene {
  readonly page: Page;
  readonly server: FixtureServer;
  readonly complaints: string[];
}

export interface PlayOptions extends View {
  /** Before the page is opened. */
  readonly prepare?: ((server: FixtureServer) => void) | undefined;
}

export interface Stage {
  /** A fresh server of `world` and a fresh browser context at `path`; closes both when `act` has ended. */
  play(
    world: World,
    path: string,
    act: (scene: Scene) => Promise<void>,
    options?: PlayOptions,
  ): Promise<void>;
}

/** The build and the browser of one test file. */
export function useStage(): Stage {
  // On a busy machine a browser is slow; a wait inside the page ends earlier and says what it waited for.
  setDefaultTimeout(60_000);
  let ui: string;
  let browser: Browser;

  beforeAll(async () => {
    ui = mkdtempSync(join(tmpdir(), "rm-ui-"));
    [browser] = await Promise.all([launchBrowser(), buildUi(ui)]);
  }, 30_000);

  afterAll(async () => {
    await browser.close();
    rmSync(ui, { recursive: true, force: true });
  });

  return {
    async play(world, path, act, { prepare, ...view } = {}) {
      const server = startFixtureServer(ui, world);
      prepare?.(server);
      const { page, complaints, close } = await openPage(
        browser,
        server.url + path,
        view,
      );
      try {
        await act({ page, server, complaints });
      } finally {
        await close();
        await server.stop();
      }
    },
  };
}
