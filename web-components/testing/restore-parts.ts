import type { Locator, Page } from "playwright-core";
import { repositoryId } from "./seed-repositories.ts";
import { seededWorld } from "./world.ts";

const { snapshots } = seededWorld();
export const newest = snapshots[0]!;
export const before = snapshots[1]!;
/** Of the newest snapshot. */
export const of = `/api/repositories/${repositoryId}/snapshots/${newest.id}`;
export const wiki = { path: "/srv/wiki" };

export function item(page: Page, name: RegExp): Locator {
  return page.getByRole("treeitem", { name });
}

/** The button that goes on; the one of the step's name is above. */
export function next(page: Page, name: string): Locator {
  return page.locator(".foot").getByRole("button", { name });
}

export function step(page: Page, name: string): Locator {
  return page.locator(".steps").getByRole("button", { name });
}
