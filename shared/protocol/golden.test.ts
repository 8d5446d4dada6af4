import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getPublicKey, hashes, sign, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { restoreCheckResult } from "../api/restores.ts";
import { jobProgress } from "../domain/job.ts";
import { toBase64Url } from "../identity/keys.ts";
import { openSigned, signText } from "../identity/signed.ts";
import * as announce from "./announce.ts";
import * as command from "./command.ts";
import * as config from "./config.ts";
import * as event from "./event.ts";
import * as hello from "./hello.ts";
import * as identity from "./identity.ts";
import * as stream from "./stream.ts";
import * as tree from "./tree.ts";

/** Every body on the wire: `golden/<name>.json` shows it with each of its fields. */
const messages: Record<string, z.ZodType> = {
  "server-identity": announce.serverIdentity,
  "seal-key": announce.sealKey,
  announce: announce.announceDocument,
  announced: announce.announced,
  proof: announce.possessionProof,
  "wait-pending": announce.waitAnswer,
  "wait-approved": announce.waitAnswer,
  approval: announce.approval,
  hello: hello.hello,
  "hello-answer": hello.helloAnswer,
  "hello-refused": hello.helloAnswer,
  renew: identity.renewRequest,
  "renew-answer": identity.renewAnswer,
  rotate: identity.rotateRequest,
  "rotation-proof": identity.rotationProof,
  "rotate-answer": identity.rotateAnswer,
  session: identity.sessionRequest,
  "session-answer": identity.sessionAnswer,
  refusal: identity.refusal,
  resume: hello.resume,
  "resume-answer": hello.resumeAnswer,
  heartbeat: hello.heartbeat,
  progress: jobProgress,
  "config-request": config.configRequest,
  "config-answer": config.configAnswer,
  "config-bundle": config.configBundle,
  command: command.command,
  "command-job-start": command.jobStart,
  "command-job-start-upkeep": command.jobStart,
  "maintenance-secret": command.maintenanceSecret,
  "command-job-start-restore": command.jobStart,
  "restore-secret": command.restoreSecret,
  "command-restore-check": command.restoreCheckCommand,
  "restore-check-secret": command.restoreCheckSecret,
  "restore-check-result": restoreCheckResult,
  "command-dump-start": command.dumpStart,
  "dump-secret": command.dumpSecret,
  "stream-open": stream.streamOpen,
  "stream-grant": stream.streamGrant,
  "stream-end": stream.streamEnd,
  "stream-end-failed": stream.streamEnd,
  "command-repo-key": command.repoKey,
  "repo-key-secret-add": command.repoKeySecret,
  "repo-key-secret-remove": command.repoKeySecret,
  "repo-key-result": command.repoKeyResult,
  "command-job-cancel": command.jobCancel,
  "command-cfg-changed": command.configChanged,
  "command-repo-test": command.repoTest,
  "repo-test-secret": command.repoTestSecret,
  "repo-test-result": command.repoTestResult,
  answer: command.commandAnswer,
  "answer-refused": command.commandAnswer,
  event: event.eventEnvelope,
  "event-job-started": event.jobStarted,
  "event-job-done": event.jobDone,
  "event-job-done-upkeep": event.jobDone,
  "event-job-done-restore": event.jobDone,
  "event-repo-stats": event.repoStats,
  "event-repo-unlocked": event.repoUnlocked,
  "event-log": event.logBatch,
  "event-snap-part": event.snapshotPart,
  "event-cfg-applied": event.configApplied,
  "event-sched-missed": event.scheduleMissed,
  "event-log-gap": event.logGap,
  "command-tree-index": tree.treeIndex,
  "tree-have": tree.treeHave,
  "tree-have-answer": tree.treeHaveAnswer,
  "tree-put": tree.treePut,
  "tree-done": tree.treeDone,
  "tree-answer": tree.treeAnswer,
};

const folder = join(import.meta.dir, "golden");

function golden(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

test("every message has a golden file, and every golden file a message", () => {
  const files = readdirSync(folder).map((file) => file.replace(".json", ""));
  expect(files.sort()).toEqual(Object.keys(messages).sort());
});

describe("a golden message [TRN-02]", () => {
  test.each(Object.entries(messages))("%s reads as written", (name, schema) => {
    expect(schema.parse(golden(name))).toEqual(golden(name));
  });

  test.each(Object.entries(messages))(
    "%s shows every field",
    (name, schema) => {
      const shape = z.toJSONSchema(schema, { io: "input" });
      expect(missing(shape, golden(name), name)).toEqual([]);
    },
  );

  test.each(Object.entries(messages))(
    "%s ignores the fields of a later version, at every depth",
    (name, schema) => {
      expect(schema.parse(withLaterFields(golden(name)))).toEqual(golden(name));
    },
  );
});

test.each(["host", "tag"])(
  "a policy for an empty %s is refused: it would reach the snapshots of others [MNT-01]",
  (field) => {
    const secret = command.maintenanceSecret.parse(
      golden("maintenance-secret"),
    );
    const [group] = secret.groups ?? [];
    const groups = [{ ...group, [field]: "" }];
    const parsed = command.maintenanceSecret.safeParse({ ...secret, groups });
    expect(parsed.error?.issues[0]?.path).toEqual(["groups", 0, field]);
  },
);

test("what travels is the text and a signature over exactly that text", () => {
  hashes.sha512 = sha512;
  // The first key of RFC 8032, section 7.1.
  const seed = Uint8Array.fromHex(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  );
  const publicKey = getPublicKey(seed);
  expect(toBase64Url(publicKey)).toBe(
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  );
  const signed = signText("rm-event-v1", golden("event"), (m) => sign(m, seed));
  expect(signed).toEqual({
    b: JSON.stringify(golden("event")),
    s: "Ggu0kqm8J3q-EeoFKpThH516Tb1UKK4EYWrNzUF-VAD_cbdFDdEh_hRN7mDpTeRgoCscvnfkmdfPBw-2sKpJAA",
  });
  const opened = openSigned(
    "rm-event-v1",
    signed,
    publicKey,
    (key, message, signature) => verify(signature, message, key),
    event.eventEnvelope,
  );
  expect(opened).toEqual(event.eventEnvelope.parse(golden("event")));
});

/** Where anything may stand already: payloads that other schemas read, and names of variables. */
const open = ["p", "result", "env"];

function withLaterFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLaterFields);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, of]) => [
    name,
    open.includes(name) ? of : withLaterFields(of),
  ]);
  return { ...Object.fromEntries(fields), from_the_future: 1 };
}

type Shape = z.core.JSONSchema.BaseSchema;

/** Paths that the schema names and the sample does not show. */
function missing(shape: Shape, sample: unknown, path: string): string[] {
  const variants = shape.anyOf ?? shape.oneOf;
  if (variants !== undefined) {
    const found = variants.map((variant) => missing(variant, sample, path));
    return found.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  if (shape.type === "array" && Array.isArray(sample)) {
    const item = shape.items;
    return sample.flatMap((of, i) =>
      typeof item === "object" && !Array.isArray(item)
        ? missing(item, of, `${path}[${i}]`)
        : [],
    );
  }
  if (shape.properties === undefined) return [];
  if (typeof sample !== "object" || sample === null) return [path];
  const fields: Record<string, unknown> = { ...sample };
  return Object.entries(shape.properties).flatMap(([name, of]) => {
    const at = `${path}.${name}`;
    if (!(name in fields)) return [at];
    return typeof of === "object" ? missing(of, fields[name], at) : [];
  });
}
