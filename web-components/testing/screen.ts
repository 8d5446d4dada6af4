import type { Page } from "playwright-core";
import type { FixtureServer } from "./fixture-server.ts";
import type { World } from "./world.ts";

export interface Screen {
  readonly name: string;
  readonly path: string;
  readonly world: () => World;
  readonly prepare?: (server: FixtureServer) => void;
  /** What the browser rightly complains about here. */
  readonly expected?: RegExp;
  /** Resolves when there is something to look at. */
  readonly ready: (page: Page, server: FixtureServer) => Promise<unknown>;
}

export function heading(name: string): (page: Page) => Promise<unknown> {
  return (page) => page.getByRole("heading", { level: 1, name }).waitFor();
}
