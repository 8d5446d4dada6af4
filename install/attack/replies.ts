import { type Attack, type Front, must } from "./attack.ts";
import { type Field } from "./field.ts";
import { signedText } from "./login.ts";
import { publishing } from "./raw-nats.ts";

/** Publishes where the thief may, asking for the answer somewhere else, and looks whether it had an effect there. */
function answersTo(
  tries: string,
  refused: string,
  reply: (field: Field) => string,
  tail = "evt.job.done",
): Attack {
  return {
    tries,
    refused,
    async run(field) {
      const { thief, victim, relay } = field;
      const before = relay.commands().length;
      const nats = await field.atBroker();
      const body = JSON.stringify(
        signedText(
          "rm-request-v1",
          { host: thief.host.id, t: new Date().toISOString() },
          thief.login,
        ),
      );
      for (let n = 0; n < 5; n += 1)
        nats.send(
          publishing({
            subject: `rm.v1.${thief.host.id}.${tail}`,
            reply: reply(field),
            body,
          }),
        );
      await nats.settled();
      await nats.settled();
      nats.close();
      const heard = relay.commands().slice(before);
      must(
        heard.every(({ body: text }) => !text.includes('"s":')),
        "nothing signed reached the victim",
        heard,
      );
      const { state } = await field.api.get<{ state: string }>(
        `/api/jobs/${victim.job.id}`,
      );
      must(state === "succeeded", "the victim's job stays", state);
    },
  };
}

const command = ({ victim }: Field) => `rm.v1.${victim.host.id}.cmd.job.start`;

export const repliesFront: Front = {
  title: "By having the server or the broker answer elsewhere",
  attacks: [
    answersTo(
      "ask the server, answer to another host's command subject",
      "the server answers into the asking host's inbox only",
      command,
      "req.cfg.get",
    ),
    answersTo(
      "ask the server, answer to another host's inbox",
      "the server answers into the asking host's inbox only",
      ({ victim }) => `_INBOX.${victim.host.id}.x`,
      "req.cfg.get",
    ),
    answersTo(
      "have a receipt sent to another host's command subject",
      "the agent obeys the server's signature alone",
      command,
    ),
    ...[
      "PURGE.RM_EVT",
      "DELETE.RM_EVT",
      "MSG.DELETE.RM_EVT",
      "UPDATE.RM_EVT",
    ].map((name) =>
      answersTo(
        `have a receipt sent to the streams' API (\`STREAM.${name}\`)`,
        "the streams stay as they are",
        () => `$JS.API.STREAM.${name}`,
      ),
    ),
    answersTo(
      "have a receipt sent to the streams' API (`CONSUMER.DELETE`)",
      "the streams stay as they are",
      () => "$JS.API.CONSUMER.DELETE.RM_EVT.ingest",
    ),
    answersTo(
      "have a receipt sent to the broker's own account",
      "nothing listens there for hosts",
      () => "$SYS.REQ.CLAIMS.UPDATE",
    ),
    answersTo(
      "have a receipt sent into the server's inbox",
      "the server knows no such question",
      () => "_INBOX.cp.x",
    ),
  ],
};
