import { expect, test } from "bun:test";
import { repository } from "../testing/seed-repositories.ts";
import type { Http } from "./http.ts";
import type { Live, LiveListener } from "./live.ts";
import { createReposStore } from "./repos.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what a host cannot open stays said when another host backs up into it, and is said as soon as it is known", async () => {
  const shared = repository({ status: "ready" });
  const shut = repository({
    status: "unreachable",
    status_code: "wrong_password",
  });
  const listeners = new Set<LiveListener>();
  const live = {
    listen(_topic, listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } satisfies Partial<Live> as unknown as Live;
  let answer = shared;
  const http = {
    get: async () => ({ repositories: [answer] }),
  } satisfies Partial<Record<keyof Http, unknown>> as unknown as Http;
  const resource = createReposStore({ http, live }).ofHost("h0000000000000002");
  resource.listen(() => {});
  await settled();

  async function backedUp(): Promise<unknown> {
    for (const { onEvent } of listeners)
      onEvent({
        type: "repository.changed",
        repository: shared,
        host_ids: ["h0000000000000001", "h0000000000000002"],
      });
    await settled();
    return resource.get();
  }

  answer = shut;
  expect(await backedUp()).toEqual({ state: "ready", value: [shut] });
  expect(await backedUp()).toEqual({ state: "ready", value: [shut] });
  answer = shared;
  expect(await backedUp()).toEqual({ state: "ready", value: [shared] });
});
