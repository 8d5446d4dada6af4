import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { ownKey, signedText } from "./login.ts";
import { type Message, publishing } from "./raw-nats.ts";

/** A report that a backup of another host failed: its last one, or one that nobody knows of yet. */
function failureOf({ victim }: Field, jobId = "01ARZ3NDEKTSV4RRFFQ69G5FAV") {
  const { job } = victim;
  return {
    job_id: jobId,
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

type Tailed = Omit<Message, "subject"> & { readonly tail: string };

/** Sends on the thief's subjects; when the server has read it, nothing of the victim may be different. */
function sends(
  tries: string,
  refused: string,
  message: (field: Field) => Tailed,
): Attack {
  return {
    tries,
    refused,
    async run(field) {
      const { thief } = field;
      const before = await victimState(field);
      const nats = await field.atBroker();
      const { tail, ...rest } = message(field);
      nats.send(
        publishing({ subject: `rm.v1.${thief.host.id}.${tail}`, ...rest }),
      );
      await thief.voice.isRead(nats, tail.startsWith("log.") ? "log" : "evt");
      nats.close();
      const after = await victimState(field);
      must(
        JSON.stringify(after) === JSON.stringify(before),
        "nothing of the victim changes",
        { before, after },
      );
    },
  };
}

/** And every job there is. */
async function victimState({ api, victim }: Field): Promise<unknown> {
  const { host, job } = victim;
  return Promise.all(
    [
      "/api/jobs?limit=200",
      `/api/jobs/${job.id}/log?limit=1000`,
      `/api/hosts/${host.id}/snapshots`,
      `/api/hosts/${host.id}/repositories`,
    ].map((path) => api.get(path)),
  );
}

const dropped = "dropped, one line a minute in the log names the host";

/** An event of the thief's agent, signed. */
const signedEvent = (
  { thief }: Field,
  kind: string,
  p: unknown,
  { over = {}, purpose = "rm-event-v1", signer = thief.login } = {},
): string =>
  JSON.stringify(signedText(purpose, thief.voice.event(kind, p, over), signer));

export const eventsFront: Front = {
  title: "In the name of others, on the stolen host's own subjects",
  attacks: [
    sends(
      "report in another host's name, signed with the own key",
      dropped,
      (field) => ({
        tail: "evt.job.done",
        body: signedEvent(field, "job.done", failureOf(field), {
          over: { host: field.victim.host.id },
        }),
      }),
    ),
    sends("report without a signature", dropped, (field) => ({
      tail: "evt.job.done",
      body: JSON.stringify(
        field.thief.voice.event("job.done", failureOf(field)),
      ),
    })),
    sends(
      "report signed with a key that nobody approved",
      dropped,
      (field) => ({
        tail: "evt.job.done",
        body: signedEvent(field, "job.done", failureOf(field), {
          signer: { ...field.thief.login, ...ownKey() },
        }),
      }),
    ),
    sends(
      "report with a signature made for something else",
      dropped,
      (field) => ({
        tail: "evt.job.done",
        body: signedEvent(field, "job.done", failureOf(field), {
          purpose: "rm-request-v1",
        }),
      }),
    ),
    sends(
      "report one kind of event on the subject of another",
      dropped,
      (field) => ({
        tail: "evt.job.started",
        body: signedEvent(field, "job.done", failureOf(field)),
      }),
    ),
    sends(
      "report, rightly signed, about another host's job",
      "the job stays as it is, logged with both",
      (field) => ({
        tail: "evt.job.done",
        body: signedEvent(
          field,
          "job.done",
          failureOf(field, field.victim.job.id),
        ),
      }),
    ),
    sends(
      "write, rightly signed, into another host's job log",
      "the log stays as it is, logged with both",
      (field) => {
        const { id } = field.victim.job;
        const line = { n: 999, t: new Date().toISOString(), s: "stdout" };
        const lines = [{ ...line, l: "forged", k: "changed" }];
        const p = { job_id: id, lines };
        return { tail: `log.${id}`, body: signedEvent(field, "log", p) };
      },
    ),
    sends(
      "empty the snapshot list of another host's repository, after a restore from it",
      "the list stays as it is, logged with both",
      (field) => ({
        tail: "evt.snap.part",
        body: signedEvent(field, "snap.part", {
          repository_id: field.victim.done.repository.id,
          rev: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
          part: 0,
          of: 1,
          snapshots: [],
        }),
      }),
    ),
    {
      tries: "ask in another host's name, signed with the own key",
      refused: "no answer, logged with the host's id",
      async run(field) {
        const { thief, victim } = field;
        const nats = await field.atBroker();
        const reply = `_INBOX.${thief.host.id}.stolen`;
        const question = { host: victim.host.id, t: new Date().toISOString() };
        const body = signedText("rm-request-v1", question, thief.login);
        nats.send(`SUB ${reply} 1\r\n`);
        nats.send(
          publishing({
            subject: `rm.v1.${thief.host.id}.req.cfg.get`,
            reply,
            body: JSON.stringify(body),
          }),
        );
        await thief.voice.isRead(nats, "evt");
        must(!nats.said().includes("MSG"), "there is no answer", nats.said());
        nats.close();
      },
    },
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
