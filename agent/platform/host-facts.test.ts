import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { childEnv } from "./env.ts";
import { hostFacts, timeZone } from "./host-facts.ts";
import { takeInstanceLock } from "./instance-lock.ts";
import { agentPaths } from "./paths.ts";
import { replaceFile } from "./replace-file.ts";

const tempDir = createTempDirs();

describe("the facts of this host [AGT-04]", () => {
  test("are there and in the protocol's words", () => {
    const facts = hostFacts(createManualClock(), {});
    expect(facts.hostname).not.toBe("");
    expect(["linux", "windows", "darwin"]).toContain(facts.os);
    expect(facts.osVersion).not.toBe("");
    expect(Date.parse(facts.bootTime)).toBeLessThan(createManualClock().now());
  });

  test("the zone is the one TZ names, when there is such a zone", () => {
    expect(timeZone({ TZ: "Europe/Berlin" })).toBe("Europe/Berlin");
    expect(timeZone({ TZ: ":America/New_York" })).toBe("America/New_York");
    expect(timeZone({ TZ: "Mars/Olympus" })).toBe(timeZone({}));
    expect(timeZone({})).toMatch(/^[A-Za-z]+(\/[A-Za-z_]+)*$/);
  });
});

describe("paths", () => {
  test("are the system's own unless they are given", () => {
    expect(agentPaths({}, {}, "linux")).toMatchObject({
      config: "/etc/restic-manager/agent.yaml",
      state: "/var/lib/restic-manager",
    });
    expect(
      agentPaths({ config: "/a.yaml", stateDir: "/s" }, {}, "linux"),
    ).toMatchObject({ config: "/a.yaml", database: "/s/agent.db" });
    expect(
      agentPaths({}, { ProgramData: "D:\\Data" }, "win32").config,
    ).toContain("D:\\Data");
  });
});

describe("replacing a file", () => {
  test("makes its folder, sets its rights and leaves nothing else behind", () => {
    const path = join(tempDir(), "deep", "file");
    replaceFile(path, "one");
    replaceFile(path, new Uint8Array([116, 119, 111]), 0o755);
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(readdirSync(join(path, ".."))).toEqual(["file"]);
  });

  test("keeps the old content when the new one cannot be written", () => {
    const path = join(tempDir(), "file");
    replaceFile(path, "old");
    expect(() => replaceFile(join(path, "below"), "new")).toThrow();
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  test("goes on after a crash left its temporary file", () => {
    const dir = tempDir();
    writeFileSync(join(dir, `.file.${process.pid}.tmp`), "half");
    replaceFile(join(dir, "file"), "whole");
    expect(readFileSync(join(dir, "file"), "utf8")).toBe("whole");
    expect(existsSync(join(dir, `.file.${process.pid}.tmp`))).toBe(false);
  });
});

test("a child inherits neither Bun's switches nor anything unknown", () => {
  const env = {
    PATH: "/bin",
    HOME: "/root",
    BUN_OPTIONS: "x",
    JSC_useJIT: "0",
    TOKEN: "t",
    https_proxy: "http://p",
  };
  expect(childEnv(env)).toEqual({
    PATH: "/bin",
    HOME: "/root",
    https_proxy: "http://p",
  });
});

test("only one agent holds the lock of a state folder", () => {
  const path = join(tempDir(), "agent.lock");
  const first = takeInstanceLock(path);
  expect(takeInstanceLock(path)).toBeNull();
  first?.release();
  const second = takeInstanceLock(path);
  expect(second).not.toBeNull();
  second?.release();
});
