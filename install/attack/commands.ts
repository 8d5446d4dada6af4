import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import type { Passed } from "./hostile-relay.ts";
import { ownKey, signedText } from "./login.ts";

/** Says something to the victim's agent in the server's place; the agent must refuse with that code. */
function says(
  tries: string,
  code: string,
  command: (field: Field, passed: Passed) => Passed,
): Attack {
  return {
    tries,
    refused: `\`${code}\`, logged by the agent`,
    async run(field) {
      const { relay, victim } = field;
      const start = relay.commands().find(({ verb }) => verb === "job.start");
      if (start === undefined) throw new Error("no command has passed yet");
      const { verb, body } = command(field, start);
      const answer = await relay.command(victim.host.id, verb, body);
      must(
        answer.includes(`"code":"${code}"`),
        `the agent refuses with ${code}`,
        answer,
      );
    },
  };
}

/** A command that the server never gave. */
function madeUp({ victim, thief }: Field, changes: object = {}) {
  const now = Date.now();
  return {
    v: 1,
    id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    host: victim.host.id,
    verb: "job.start",
    iat: new Date(now).toISOString(),
    exp: new Date(now + 10_000).toISOString(),
    p: { job_id: thief.host.id },
    ...changes,
  };
}

const edited = (body: string, from: RegExp, to: string): string => {
  const { b, s } = JSON.parse(body) as { b: string; s: string };
  return JSON.stringify({ b: b.replace(from, to), s });
};

export const commandsFront: Front = {
  title: "Between server and agent, on a connection that is not encrypted",
  attacks: [
    says(
      "give a command again",
      "command_repeated",
      (_field, passed) => passed,
    ),
    says(
      "give a command under another verb",
      "command_expired",
      (_field, { body }) => ({ verb: "job.cancel", body }),
    ),
    says(
      "give a command with its time changed",
      "signature_invalid",
      (_field, { verb, body }) => ({
        verb,
        body: edited(body, /"exp":"\d{4}/, '"exp":"2999'),
      }),
    ),
    says(
      "give a command with its job changed",
      "signature_invalid",
      (_field, { verb, body }) => ({
        verb,
        body: edited(body, /"job_id":"./, '"job_id":"7'),
      }),
    ),
    says(
      "give a command without a signature",
      "signature_invalid",
      (field) => ({
        verb: "job.start",
        body: JSON.stringify(madeUp(field)),
      }),
    ),
    says(
      "give a command signed by another host",
      "signature_invalid",
      (field) => ({
        verb: "job.start",
        body: JSON.stringify(
          signedText("rm-command-v1", madeUp(field), field.thief.login),
        ),
      }),
    ),
    says(
      "give a command signed by nobody known",
      "signature_invalid",
      (field) => ({
        verb: "job.start",
        body: JSON.stringify(
          signedText("rm-command-v1", madeUp(field), ownKey()),
        ),
      }),
    ),
    says("give a command that is no JSON", "signature_invalid", () => ({
      verb: "job.start",
      body: `{"b":${"[".repeat(50_000)}`,
    })),
    says("give an empty command", "signature_invalid", () => ({
      verb: "ping",
      body: "",
    })),
    {
      tries: "offer the agent's own server under another key",
      refused: "the agent ends, and names both fingerprints",
      async run({ lab, relay }) {
        const { enrolAt } = await import("../e2e/rig/agent.ts");
        const agent = enrolAt(lab, relay.url, `SHA256:${"0".repeat(64)}`, {
          name: "misled",
        });
        const { code } = await agent.program().exit();
        must(code !== 0, "the agent refuses", agent.program().text());
      },
    },
  ],
};
