import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { createListings } from "./listings.ts";

const minute = 60_000;

function setUp() {
  const clock = createManualClock();
  const stop = new AbortController();
  const log = createLog({
    level: "info",
    format: "text",
    clock,
    write: () => {},
  });
  let password = "old";
  const asked: string[] = [];
  const answers: ("works" | "fails" | "throws")[] = [];
  const repository = () => ({
    id: "r",
    name: "nas",
    url: "/repository",
    credential: { password, env: {} },
  });
  const listings = createListings({
    async report({ credential }) {
      asked.push(credential.password);
      const answer = answers.shift() ?? "works";
      if (answer === "throws") throw new Error("no restic");
      return answer === "works" ? [] : null;
    },
    repository: (id) => (id === "r" ? repository() : undefined),
    clock,
    log,
    signal: stop.signal,
  });
  return {
    clock,
    stop,
    asked,
    answers,
    listings,
    repository,
    change: (to: string) => (password = to),
  };
}

test("a list that failed is tried again, as the repository is reached by then, until it succeeds [TRN-06]", async () => {
  const { clock, asked, answers, listings, repository, change } = setUp();
  answers.push("fails", "throws");
  expect(await listings.list(repository())).toBeNull();
  change("new");
  await clock.advance(minute);
  await clock.advance(2 * minute);
  expect(asked).toEqual(["old", "new", "new"]);
  expect(clock.pending()).toBe(0);
});

test("a list that succeeds meanwhile ends the trying, and so does a stop", async () => {
  const { clock, stop, asked, answers, listings, repository } = setUp();
  answers.push("fails", "works", "fails");
  await listings.list(repository());
  await listings.list(repository());
  expect(clock.pending()).toBe(0);
  await listings.list(repository());
  stop.abort();
  await clock.advance(60 * minute);
  expect(asked).toHaveLength(3);
});
