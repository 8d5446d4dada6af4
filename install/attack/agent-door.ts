import { randomBytes } from "node:crypto";
import { type Attack, type Front, must } from "./attack.ts";
import { call, type Answer } from "../e2e/rig/api.ts";
import type { ApiError } from "../e2e/rig/types.ts";
import type { Field } from "./field.ts";
import { signedText } from "./login.ts";

/** What would be worth having of others. */
const wanted = ({ victim }: Field): readonly (readonly [string, string])[] => [
  ["GET", "/api/hosts"],
  ["GET", `/api/hosts/${victim.host.id}`],
  ["GET", `/api/hosts/${victim.host.id}/snapshots`],
  ["GET", `/api/hosts/${victim.host.id}/repositories`],
  ["GET", `/api/repositories/${victim.done.repository.id}`],
  ["PATCH", `/api/repositories/${victim.done.repository.id}`],
  ["GET", `/api/jobs/${victim.job.id}`],
  ["GET", `/api/jobs/${victim.job.id}/log`],
  ["GET", `/api/jobs/${victim.job.id}/log.txt`],
  ["POST", `/api/hosts/${victim.host.id}/jobs`],
  ["DELETE", `/api/hosts/${victim.host.id}`],
  ["DELETE", `/api/hosts/${victim.host.id}/snapshots`],
  ["GET", "/api/users"],
  ["GET", "/api/auth/sessions"],
  ["GET", "/api/audit"],
  ["GET", "/api/pending"],
  ["GET", "/api/openapi.json"],
  ["GET", "/api/events"],
];

function asksWith(
  tries: string,
  headers: (field: Field) => Readonly<Record<string, string>>,
): Attack {
  return {
    tries,
    refused: "401 `unauthenticated`, or 405 for what no address does",
    async run(field) {
      for (const [method, path] of wanted(field)) {
        const answer = await call<ApiError>(
          field.server.url,
          method,
          path,
          method === "GET" ? undefined : {},
          headers(field),
        );
        must(
          ["unauthenticated", "method_not_allowed"].includes(answer.body.code),
          `${method} ${path} is refused`,
          answer,
        );
      }
    },
  };
}

function posts(
  tries: string,
  code: string,
  path: string,
  body: (field: Field, serverKey: string) => unknown,
): Attack {
  return {
    tries,
    refused: `\`${code}\``,
    async run(field) {
      const { url } = field.server;
      const server: Answer<{ public_key: string }> = await call(
        url,
        "GET",
        "/api/agents/server",
        undefined,
        {},
      );
      const answer = await call<ApiError>(
        url,
        "POST",
        path,
        body(field, server.body.public_key),
        {},
      );
      must(answer.body.code === code, `it is refused with ${code}`, answer);
    },
  };
}

export function announcement(
  serverKey: string,
  publicKey: string,
  hostname: string,
) {
  return {
    v: 1,
    public_key: publicKey,
    x25519: randomBytes(32).toString("base64url"),
    server_key: serverKey,
    hostname,
    os: "linux",
    arch: "x64",
    tz: "UTC",
    agent_version: "0.0.0",
    restic_version: null,
    protocol_min: 1,
    protocol_max: 1,
  };
}

const victimKey = ({ victim }: Field): string =>
  Buffer.from(victim.host.fingerprint.slice("SHA256:".length), "hex").toString(
    "base64url",
  );

export const agentDoorFront: Front = {
  title: "Over HTTP, with a stolen key and its approval",
  attacks: [
    asksWith(
      "read and change everything, the approval as bearer",
      ({ thief }) => ({
        authorization: `Bearer ${thief.login.jwt}`,
      }),
    ),
    asksWith(
      "read and change everything, the approval as session",
      ({ thief }) => ({
        cookie: `rm_session=${thief.login.jwt}; __Host-rm_session=${thief.login.jwt}`,
        "x-csrf-token": thief.login.jwt,
      }),
    ),
    asksWith("read and change everything, signed", ({ thief }) => ({
      authorization: `Signature ${JSON.stringify(signedText("rm-request-v1", { host: thief.host.id }, thief.login))}`,
    })),
    posts(
      "announce another host's key",
      "signature_invalid",
      "/api/agents/announce",
      (field, serverKey) =>
        signedText(
          "rm-announce-v1",
          announcement(serverKey, victimKey(field), "stolen"),
          field.thief.login,
        ),
    ),
    posts(
      "announce to another server through this one",
      "server_key_mismatch",
      "/api/agents/announce",
      ({ thief }) =>
        signedText(
          "rm-announce-v1",
          announcement(victimOfRelay, thief.login.publicKey, "relayed"),
          thief.login,
        ),
    ),
    posts(
      "wait in another host's place",
      "pending_not_found",
      `/api/agents/announce/${"0".repeat(32)}/wait`,
      ({ thief }, serverKey) =>
        signedText(
          "rm-proof-v1",
          {
            pending_id: "0".repeat(32),
            nonce: "x",
            server_key: serverKey,
            challenge: "0".repeat(16),
          },
          thief.login,
        ),
    ),
    posts(
      "ask for another host's approval",
      "signature_invalid",
      "/api/agents/session",
      (field, serverKey) =>
        signedText(
          "rm-session-v1",
          {
            v: 1,
            public_key: victimKey(field),
            server_key: serverKey,
            t: new Date().toISOString(),
            nonce: "0".repeat(16),
          },
          field.thief.login,
        ),
    ),
    posts(
      "ask for an approval with a request of an hour ago",
      "session_time_invalid",
      "/api/agents/session",
      ({ thief }, serverKey) =>
        signedText(
          "rm-session-v1",
          {
            v: 1,
            public_key: thief.login.publicKey,
            server_key: serverKey,
            t: new Date(Date.now() - 3_600_000).toISOString(),
            nonce: "0".repeat(16),
          },
          thief.login,
        ),
    ),
    posts(
      "ask for an approval with a request meant for another server",
      "server_key_mismatch",
      "/api/agents/session",
      ({ thief }) =>
        signedText(
          "rm-session-v1",
          {
            v: 1,
            public_key: thief.login.publicKey,
            server_key: victimOfRelay,
            t: new Date().toISOString(),
            nonce: "0".repeat(16),
          },
          thief.login,
        ),
    ),
  ],
};

/** A server key that is not the server's. */
const victimOfRelay = Buffer.alloc(32, 7).toString("base64url");
