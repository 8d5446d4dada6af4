import { expect, test } from "bun:test";
import { now } from "../testing/moments.ts";
import { hostDetail } from "../testing/seed-hosts.ts";
import {
  countNeedingAttention,
  hostNote,
  shownHealth,
  shownHosts,
  tagCounts,
} from "./host-rows.ts";

const healthy = hostDetail("web-10", { last: 2, snapshots: 5 });
const older = hostDetail("web-9", { last: 30, snapshots: 90, arch: "arm64" });
const failed = hostDetail("db", { health: "failed", error: "Locked." });
const offline = hostDetail("box", { health: "offline", online: false });
const all = [healthy, older, failed, offline];
const everything = { state: "", query: "", tags: [], sort: "" } as const;

function names(filter: Partial<Parameters<typeof shownHosts>[1]>): string[] {
  return shownHosts(all, { ...everything, ...filter }).map((host) => host.name);
}

test("what needs attention comes first, then names in human order [UI-02]", () => {
  expect(names({})).toEqual(["db", "box", "web-9", "web-10"]);
  expect(countNeedingAttention(all)).toBe(2);
});

test("state, search and their combination filter", () => {
  expect(names({ state: "healthy" })).toEqual(["web-9", "web-10"]);
  expect(names({ state: "attention" })).toEqual(["db", "box"]);
  expect(names({ query: "ARM64" })).toEqual(["web-9"]);
  expect(names({ state: "attention", query: "web" })).toEqual([]);
});

test("every column sorts both ways", () => {
  expect(names({ sort: "snapshots" })[0]).toBe("web-9");
  expect(names({ sort: "-snapshots" }).at(-1)).toBe("web-9");
  expect(names({ sort: "-name" })[0]).toBe("web-10");
  expect(names({ sort: "last", query: "web" })).toEqual(["web-10", "web-9"]);
  // Nothing of it was ever saved, however lately that was tried.
  expect(names({ sort: "last" }).at(-1)).toBe("db");
});

test("the note says the reason that matters for the state", () => {
  expect(hostNote(failed, now)).toEqual({ text: "Locked.", tone: "bad" });
  expect(hostNote(offline, now).text).toBe("Agent last seen 3d ago");
  expect(
    hostNote(
      hostDetail("n", { health: "no_backup", set_up: false, last: null }),
      now,
    ).text,
  ).toBe("Set-up is not finished");
  expect(hostNote(healthy, now).text).toBe("84\u00a0MB added");
});

test("a host whose key is on two machines is not shown as healthy", () => {
  const instance = {
    hostname: "web-10",
    boot_time: healthy.last_seen_at!,
    last_seen_at: healthy.last_seen_at!,
  };
  const identity_conflict = {
    since: healthy.last_seen_at!,
    instances: [instance, instance],
  };
  const copied = { ...healthy, identity_conflict };
  const shown = (state: "healthy" | "degraded" | "attention") =>
    shownHosts([copied], { ...everything, state }).length;
  expect([shown("healthy"), shown("degraded"), shown("attention")]).toEqual([
    0, 1, 1,
  ]);
  expect(shownHealth({ ...failed, identity_conflict })).toBe("failed");
});

test("a host is found by its tags, all of them, and by a part of one in the search [UI-11]", () => {
  const hosts = [
    hostDetail("a", { tags: ["prod", "db"] }),
    hostDetail("b", { tags: ["prod"] }),
    hostDetail("c"),
  ];
  const found = (filter: Partial<Parameters<typeof shownHosts>[1]>) =>
    shownHosts(hosts, { ...everything, ...filter }).map(({ name }) => name);
  expect(found({ tags: ["prod"] })).toEqual(["a", "b"]);
  expect(found({ tags: ["prod", "db"] })).toEqual(["a"]);
  expect(found({ query: "pro" })).toEqual(["a", "b"]);
  expect(tagCounts(hosts)).toEqual([
    ["db", 1],
    ["prod", 2],
  ]);
});
