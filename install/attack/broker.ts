import { randomBytes } from "node:crypto";
import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { changedJwt, type Login, ownKey } from "./login.ts";
import { logInAtBroker, publishing } from "./raw-nats.ts";

const violation = "permissions violation, audited";

/** Subjects that are refused to whoever publishes on them. */
function publishes(
  tries: string,
  subjects: (field: Field) => readonly string[],
): Attack {
  return {
    tries,
    refused: violation,
    async run(field) {
      const nats = await field.atBroker();
      for (const subject of subjects(field)) {
        nats.send(publishing({ subject }));
        const said = await nats.settled();
        must(
          said.includes(`Permissions Violation for Publish to "${subject}"`),
          `publishing on ${subject} is refused`,
          said,
        );
      }
      nats.close();
    },
  };
}

function subscribes(
  tries: string,
  subjects: (field: Field) => readonly string[],
): Attack {
  return {
    tries,
    refused: violation,
    async run(field) {
      const nats = await field.atBroker();
      for (const [sid, subject] of subjects(field).entries()) {
        for (const queue of ["", " cp"]) {
          nats.send(`SUB ${subject}${queue} ${sid}\r\n`);
          const said = await nats.settled();
          must(
            said.includes(
              `Permissions Violation for Subscription to "${subject}"`,
            ),
            `hearing ${subject} is refused`,
            said,
          );
        }
      }
      nats.close();
    },
  };
}

function logsIn(
  tries: string,
  login: (field: Field) => Login,
  says: (field: Field) => Readonly<Record<string, unknown>> = () => ({}),
): Attack {
  return {
    tries,
    refused: "authorization violation, hung up",
    async run(field) {
      const nats = await logInAtBroker(
        field.lab,
        field.server.url,
        login(field),
        says(field),
      );
      nats.send("SUB rm.v1.> 1\r\nPING\r\n");
      const said = await nats.ended();
      must(
        /^-ERR 'Authorization Violation'\r\n$/.test(said),
        "the log-in is refused",
        said,
      );
    },
  };
}

export const brokerFront: Front = {
  title: "At the broker, with a stolen key and its approval",
  attacks: [
    publishes("speak as another host", ({ victim: { host, job } }) =>
      [
        "hb",
        "evt.job.done",
        `log.${job.id}`,
        `live.${job.id}`,
        "req.hello",
        "req.cfg.get",
        "req.renew",
      ].map((tail) => `rm.v1.${host.id}.${tail}`),
    ),
    publishes("command another host, or all", ({ victim: { host } }) => [
      `rm.v1.${host.id}.cmd.job.start`,
      `rm.v1.${host.id}.cmd.key.rotate`,
      "rm.v1.all.hello",
    ]),
    publishes("command the own host", ({ thief: { host } }) => [
      `rm.v1.${host.id}.cmd.job.start`,
    ]),
    publishes("answer in the server's or another host's place", (field) => [
      `_INBOX.${field.victim.host.id}.x`,
      "_INBOX.cp.x",
      "_INBOX.sys.x",
      "_INBOX.x",
    ]),
    subscribes("hear another host, or everything", ({ victim: { host } }) => [
      `rm.v1.${host.id}.cmd.>`,
      `rm.v1.${host.id}.evt.job.done`,
      `rm.v1.${host.id}.>`,
      "rm.v1.*.cmd.>",
      "rm.v1.*.*.>",
      "rm.v1.>",
      "rm.>",
      "*.*.>",
      ">",
      "*",
    ]),
    subscribes("hear answers to others", ({ victim: { host } }) => [
      `_INBOX.${host.id}.>`,
      "_INBOX.cp.>",
      "_INBOX.*.>",
      "_INBOX.>",
    ]),
    publishes("use the streams' API", () => [
      "$JS.API.INFO",
      "$JS.API.STREAM.NAMES",
      "$JS.API.STREAM.PURGE.RM_EVT",
      "$JS.API.STREAM.DELETE.RM_EVT",
      "$JS.API.STREAM.MSG.GET.RM_EVT",
      "$JS.API.DIRECT.GET.RM_EVT",
      "$JS.API.CONSUMER.CREATE.RM_EVT",
      "$JS.API.CONSUMER.MSG.NEXT.RM_EVT.ingest",
      "$JS.ACK.RM_EVT.ingest.1.1.1.1.0",
      "$KV.RM_LEASE.x",
    ]),
    publishes("use the broker's own account", () => [
      "$SYS.REQ.SERVER.PING",
      "$SYS.REQ.CLAIMS.UPDATE",
      "$SYS.REQ.USER.INFO",
      "$SYS.REQ.ACCOUNT.PING.CONNZ",
    ]),
    subscribes("hear the broker's own account", () => [
      "$SYS.>",
      "$JS.>",
      "$JS.EVENT.ADVISORY.>",
    ]),
    logsIn("log in with a stolen JWT and another key", ({ thief }) => ({
      ...ownKey(),
      jwt: thief.login.jwt,
    })),
    logsIn("log in with a JWT of one's own making", ({ thief: { login } }) => {
      const stranger = ownKey();
      const claims = { iss: stranger.nkey, sub: stranger.nkey };
      return { ...stranger, jwt: changedJwt(login.jwt, claims, stranger) };
    }),
    ...["*", ">", "another host"].map((name) =>
      logsIn(
        `log in with the JWT's name changed to ${name === "another host" ? name : `\`${name}\``}`,
        ({ thief: { login }, victim }) => ({
          ...login,
          jwt: changedJwt(
            login.jwt,
            { name: name === "another host" ? victim.host.id : name },
            login,
          ),
        }),
      ),
    ),
    logsIn(
      "log in with the JWT's end changed, and its old signature",
      ({ thief: { login } }) => ({
        ...login,
        jwt: changedJwt(login.jwt, { exp: 4_000_000_000 }, null),
      }),
    ),
    logsIn(
      "log in with a JWT that wants no signature",
      ({ thief: { login } }) => ({
        ...login,
        jwt: changedJwt(login.jwt, {}, null, { typ: "JWT", alg: "none" }),
      }),
    ),
    logsIn(
      "log in by user name and password, or by an inbox of the server",
      ownKey,
      () => ({ user: "admin", pass: "admin", name: "restic-manager-server" }),
    ),
    {
      tries: "name another host's key beside the own JWT, then break rules",
      refused: "audited for the host that the JWT names",
      async run({ lab, server, api, victim, thief }) {
        const mark = `$X.${randomBytes(6).toString("hex")}`;
        const nats = await logInAtBroker(lab, server.url, thief.login, {
          nkey: ownKey().nkey,
          user: victim.host.id,
          name: victim.host.id,
        });
        nats.send(publishing({ subject: mark }));
        must(
          (await nats.settled()).includes("Permissions Violation"),
          "publishing is refused",
          nats.said(),
        );
        const accused = await api.get<{ entries: { actor_id: string }[] }>(
          "/api/audit?action=host.violation",
        );
        must(
          accused.entries.every(({ actor_id }) => actor_id === thief.host.id),
          "only the thief's host is accused",
          accused.entries,
        );
      },
    },
  ],
};
