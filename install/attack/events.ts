import { randomBytes } from "node:crypto";
import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { ownKey, signedText } from "./login.ts";
import { type Message, publishing } from "./raw-nats.ts";

const notBelieved = (reason: string) =>
  new RegExp(
    `not believed.*"reason":"${reason}"|"reason":"${reason}".*not believed`,
  );
let seq = 0;

/** An event as the thief's agent would send it; `over` changes its envelope. */
function eventOf(
  { thief }: Field,
  kind: string,
  p: unknown,
  over: Readonly<Record<string, unknown>> = {},
) {
  seq += 1;
  return {
    v: 1,
    host: thief.host.id,
    epoch: randomBytes(16).toString("base64url"),
    seq,
    t: new Date().toISOString(),
    kind,
    p,
    ...over,
  };
}

/** A report that another host's last backup failed. */
function failureOf({ victim }: Field) {
  const { job } = victim;
  return {
    job_id: job.id,
    kind: "backup",
    actor: "schedule",
    schedule_id: null,
    source_group_id: victim.done.group_id,
    repository_id: victim.done.repository.id,
    outcome: "failed",
    started_at: job.started_at,
    finished_at: job.finished_at,
    exit_code: 12,
    error: { code: "wrong_password", message: "forged" },
    stats: null,
    log_lines: 0,
  };
}

/** Sends, and waits for what the server says to it. */
function sends(
  tries: string,
  refused: string,
  logged: RegExp,
  message: (
    field: Field,
  ) => Omit<Message, "subject"> & { readonly tail: string },
): Attack {
  return {
    tries,
    refused,
    async run(field) {
      const nats = await field.atBroker();
      await field.logs(logged, async () => {
        const { tail, ...rest } = message(field);
        const subject = `rm.v1.${field.thief.host.id}.${tail}`;
        nats.send(publishing({ subject, ...rest }));
        await nats.settled();
      });
      nats.close();
    },
  };
}

const dropped = "dropped, logged with the host's id";

export const eventsFront: Front = {
  title: "In the name of others, on the stolen host's own subjects",
  attacks: [
    sends(
      "report in another host's name, signed with the own key",
      dropped,
      notBelieved("wrong_subject"),
      (field) => {
        const event = eventOf(field, "job.done", failureOf(field), {
          host: field.victim.host.id,
        });
        const signed = signedText("rm-event-v1", event, field.thief.login);
        return { tail: "evt.job.done", body: JSON.stringify(signed) };
      },
    ),
    sends(
      "report without a signature",
      dropped,
      notBelieved("not_signed_text"),
      (field) => ({
        tail: "evt.job.done",
        body: JSON.stringify(eventOf(field, "job.done", failureOf(field))),
      }),
    ),
    sends(
      "report signed with a key that nobody approved",
      dropped,
      notBelieved("signature_invalid"),
      (field) => ({
        tail: "evt.job.done",
        body: JSON.stringify(
          signedText(
            "rm-event-v1",
            eventOf(field, "job.done", failureOf(field)),
            ownKey(),
          ),
        ),
      }),
    ),
    sends(
      "report with a signature made for something else",
      dropped,
      notBelieved("signature_invalid"),
      (field) => ({
        tail: "evt.job.done",
        body: JSON.stringify(
          signedText(
            "rm-request-v1",
            eventOf(field, "job.done", failureOf(field)),
            field.thief.login,
          ),
        ),
      }),
    ),
    sends(
      "report one kind of event on the subject of another",
      dropped,
      notBelieved("wrong_subject"),
      (field) => ({
        tail: "evt.job.started",
        body: JSON.stringify(
          signedText(
            "rm-event-v1",
            eventOf(field, "job.done", failureOf(field)),
            field.thief.login,
          ),
        ),
      }),
    ),
    sends(
      "report, rightly signed, about another host's job",
      "the job stays as it is, logged with both",
      /another host's job/,
      (field) => ({
        tail: "evt.job.done",
        body: JSON.stringify(
          signedText(
            "rm-event-v1",
            eventOf(field, "job.done", failureOf(field)),
            field.thief.login,
          ),
        ),
      }),
    ),
    sends(
      "write, rightly signed, into another host's job log",
      "the log stays as it is, logged with both",
      /another host's job/,
      (field) => {
        const line = { n: 1, t: new Date().toISOString(), s: "stdout" };
        const p = {
          job_id: field.victim.job.id,
          lines: [{ ...line, l: "forged", k: "changed" }],
        };
        return {
          tail: `log.${field.victim.job.id}`,
          body: JSON.stringify(
            signedText(
              "rm-event-v1",
              eventOf(field, "log", p),
              field.thief.login,
            ),
          ),
        };
      },
    ),
    sends(
      "empty the snapshot list of another host's repository",
      "the list stays as it is, logged with both",
      /repository it does not use/,
      (field) => ({
        tail: "evt.snap.part",
        body: JSON.stringify(
          signedText(
            "rm-event-v1",
            eventOf(field, "snap.part", {
              repository_id: field.victim.done.repository.id,
              rev: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
              part: 0,
              of: 1,
              snapshots: [],
            }),
            field.thief.login,
          ),
        ),
      }),
    ),
    sends(
      "ask in another host's name, signed with the own key",
      "no answer, logged with the host's id",
      /request of an agent was refused/,
      (field) => ({
        tail: "req.cfg.get",
        reply: `_INBOX.${field.thief.host.id}.x`,
        body: JSON.stringify(
          signedText(
            "rm-request-v1",
            { host: field.victim.host.id, t: new Date().toISOString() },
            field.thief.login,
          ),
        ),
      }),
    ),
    {
      tries: "take the numbers of another host's events (`Nats-Msg-Id`)",
      refused: "they hold 128 random bits that no other host sees",
      async run(field) {
        const nats = await field.atBroker();
        const { host } = field.thief;
        nats.send(`SUB _INBOX.${host.id}.> 1\r\n`);
        for (let n = 1; n <= 200; n += 1)
          nats.send(
            publishing({
              subject: `rm.v1.${host.id}.evt.job.done`,
              reply: `_INBOX.${host.id}.${n}`,
              headers: { "Nats-Msg-Id": `${field.victim.host.id}:${n}` },
            }),
          );
        await nats.settled();
        nats.close();
      },
    },
    {
      tries: "replace the stream by one message (`Nats-Rollup`)",
      refused: "the stream refuses the message",
      async run(field) {
        const nats = await field.atBroker();
        const { host } = field.thief;
        nats.send(`SUB _INBOX.${host.id}.> 1\r\n`);
        nats.send(
          publishing({
            subject: `rm.v1.${host.id}.evt.job.done`,
            reply: `_INBOX.${host.id}.rollup`,
            headers: { "Nats-Rollup": "all" },
          }),
        );
        await nats.settled();
        must(
          /rollup not permitted/.test(nats.said()),
          "the stream refuses it",
          nats.said(),
        );
        nats.close();
      },
    },
  ],
};
