import {
  inboxPrefix,
  pattern,
  type Subject,
  serverInboxPrefix,
} from "@restic-manager/shared/protocol/topic.ts";

/**
 * What each role may publish and hear. Agents and debuggers get theirs from a template in the account's JWT, by the
 * scoped key that signed them; the server's own users carry theirs.
 */

/** nats-server replaces it by the name in the user's JWT: the host id. */
const self = "{{name()}}";
const ownHost = (all: Subject) => all.replace("*", self);

const unlimited = { subs: -1, data: -1, payload: -1 };
const second = 1_000_000_000;

export const agentRole = {
  pub: {
    allow: [
      pattern.heartbeats,
      pattern.events,
      pattern.logs,
      pattern.live,
      pattern.requests,
    ].map(ownHost),
  },
  sub: {
    allow: [
      pattern.commands(self),
      pattern.allAgents,
      `${inboxPrefix(self)}.>`,
    ],
  },
  /** A command may be answered once. */
  resp: { max: 1, ttl: 120 * second },
  subs: 64,
  data: -1,
  payload: 512 * 1024,
  allowed_connection_types: ["STANDARD", "WEBSOCKET"],
};

export const debugRole = {
  pub: {
    allow: [
      "$JS.API.INFO",
      "$JS.API.STREAM.NAMES",
      "$JS.API.STREAM.LIST",
      "$JS.API.STREAM.INFO.*",
      "$JS.API.CONSUMER.NAMES.*",
      "$JS.API.CONSUMER.LIST.*",
      "$JS.API.CONSUMER.INFO.*.*",
    ],
  },
  /** All inboxes, because that is where the `nats` command listens: replies never hold a secret in clear. */
  sub: { allow: [pattern.everything, "_INBOX.>"] },
  ...unlimited,
  payload: 1024,
  allowed_connection_types: ["STANDARD", "WEBSOCKET"],
};

export const controlPlaneRole = {
  pub: {
    allow: [
      pattern.commands("*"),
      pattern.allAgents,
      "_INBOX.>",
      "$JS.API.>",
      "$JS.ACK.>",
    ],
  },
  sub: {
    allow: [pattern.everything, `${serverInboxPrefix}.>`],
  },
  ...unlimited,
};

export const systemInboxPrefix = "_INBOX.sys";

export const claimsUpdate = "$SYS.REQ.CLAIMS.UPDATE";

/** Who logs in to any account, and who leaves. */
export const comings = "$SYS.ACCOUNT.*.CONNECT";
export const goings = "$SYS.ACCOUNT.*.DISCONNECT";

export const systemRole = {
  pub: { allow: [claimsUpdate] },
  sub: { allow: [`${systemInboxPrefix}.>`, comings, goings] },
  ...unlimited,
};
