import { expect, test } from "bun:test";
import {
  commandVerbs,
  eventKinds,
  inboxPrefix,
  parseSubject,
  pattern,
  requestOps,
  topic,
} from "./topic.ts";
import { protocolFits, protocolMax, protocolMin } from "./version.ts";

const host = "h0123456789abcdefghij";

test("every subject of a host stands under its own id", () => {
  const subjects = [
    topic.heartbeat(host),
    ...commandVerbs.map((verb) => topic.command(host, verb)),
    ...requestOps.map((op) => topic.request(host, op)),
    ...eventKinds.map((kind) => topic.event(host, kind)),
    topic.log(host, "01JGG8V4N00000000000000001"),
    topic.live(host, "01JGG8V4N00000000000000001"),
  ];
  for (const subject of subjects)
    expect(subject.startsWith(`rm.v1.${host}.`)).toBe(true);
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(inboxPrefix(host)).toBe(`_INBOX.${host}`);
});

test("a subject tells its host, its lane and what follows", () => {
  expect(parseSubject(topic.command(host, "job.start"))).toEqual({
    hostId: host,
    lane: "cmd",
    tail: "job.start",
  });
  expect(parseSubject(topic.heartbeat(host))).toEqual({
    hostId: host,
    lane: "hb",
    tail: "",
  });
  for (const text of ["rm.v2.x.hb", "rm.v1.x", "rm.v1..hb", "", "_INBOX.x.y"])
    expect(parseSubject(text)).toBeNull();
});

test("what the server listens to is a pattern over all hosts", () => {
  expect(pattern).toMatchObject({
    heartbeats: "rm.v1.*.hb",
    requests: "rm.v1.*.req.>",
    events: "rm.v1.*.evt.>",
    logs: "rm.v1.*.log.>",
    live: "rm.v1.*.live.>",
  });
  expect(String(pattern.commands(host))).toBe(`rm.v1.${host}.cmd.>`);
});

test("both sides talk when their versions overlap", () => {
  const fits = (min: number, max: number) => protocolFits({ min, max });
  expect(fits(protocolMin, protocolMax)).toBe(true);
  expect(fits(protocolMax, protocolMax + 5)).toBe(true);
  expect(fits(protocolMin - 1, protocolMin - 1)).toBe(false);
  expect(fits(protocolMax + 1, protocolMax + 1)).toBe(false);
});
