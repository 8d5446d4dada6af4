import { expect, test } from "bun:test";
import { unreachable } from "../data/api-error.ts";
import { Saving } from "./saving.ts";

/** What an element that saves showed, each time that it was drawn. */
function saving() {
  const shown: boolean[] = [];
  const element = Object.assign(new EventTarget(), {
    requestUpdate: () => void shown.push(saved.working),
    addController() {},
    removeController() {},
    updateComplete: Promise.resolve(true),
  });
  const saved: Saving = new Saving(element);
  return { saved, shown };
}

test("a form that could not be saved says why, and can be used again", async () => {
  const { saved, shown } = saving();
  await saved.run(() => Promise.reject(unreachable()));
  expect(saved.problem?.code).toBe("unreachable");
  expect([shown[0], shown.at(-1)]).toEqual([true, false]);
});

test("a form, or a dialog, does not stay locked after a fault of ours", async () => {
  const { saved, shown } = saving();
  const fault = new TypeError("undefined is not a function");
  const run = saved.run(() => Promise.reject(fault));
  expect(await run.catch((error: unknown) => error)).toBe(fault);
  expect([saved.working, saved.saves, shown.at(-1)]).toEqual([false, 0, false]);
});
