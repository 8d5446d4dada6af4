import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { enrolAt } from "../e2e/rig/agent.ts";
import { call } from "../e2e/rig/api.ts";
import type { ApiError } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { announcement } from "./agent-door.ts";
import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { ownKey, signedText } from "./login.ts";

interface TokenMade {
  readonly id: string;
  readonly token: string;
}

async function makeToken(
  { api, lab }: Field,
  name: string,
): Promise<TokenMade> {
  return api.post<TokenMade>("/api/enrolment/tokens", {
    hostname: name,
    repository: {
      url: join(lab.dir, `repository-${name}`),
      mode: "create",
      credential: {},
    },
    source: { name: "default", includes: ["/etc"] },
  });
}

/** How an agent ends that is given this token. */
async function joins(
  { lab, server, relay }: Field,
  name: string,
  token: string,
): Promise<{ code: number | null; text: string }> {
  const file = join(lab.dir, `${name}.token`);
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  const args = ["--token-file", file, "--exit"];
  const agent = enrolAt(lab, relay.url, await server.serverKey(), {
    name,
    args,
  });
  const { code } = await agent.program().exit(40_000);
  return { code, text: agent.program().text() };
}

/** An agent with a token that is none must end with that sentence. */
function shows(
  tries: string,
  refused: RegExp,
  name: string,
  token: (made: TokenMade) => string,
): Attack {
  return {
    tries,
    refused: "refused, the agent says why and ends",
    async run(field) {
      const made = await makeToken(field, name);
      const { code, text } = await joins(field, name, token(made));
      must(
        code === 1 && refused.test(text),
        `the agent is told ${refused}`,
        text,
      );
      await field.api.ask("DELETE", `/api/enrolment/tokens/${made.id}`);
    },
  };
}

export const tokensFront: Front = {
  title: "With one-time tokens",
  attacks: [
    shows(
      "guess the secret of a token whose id is known",
      /not valid/,
      "guesser",
      ({ token }) => `${token.slice(0, -6)}AAAAAA`,
    ),
    {
      tries: "use a token a second time, on another machine",
      refused: "`token_used`, audited",
      async run(field) {
        const { token } = await makeToken(field, "guest");
        const first = await joins(field, "guest", token);
        must(first.code === 0, "the first machine joins", first.text);
        const second = await joins(field, "second-guest", token);
        must(
          second.code === 1 && /used already/.test(second.text),
          "the second is refused",
          second.text,
        );
        const { entries } = await field.api.get<{ entries: unknown[] }>(
          "/api/audit?action=token.refuse",
        );
        must(entries.length > 0, "it is audited", entries);
      },
    },
    {
      tries: "copy a token's box out of an announcement into one's own",
      refused: "`token_invalid`: the box names the key it was sealed for",
      async run(field) {
        const { server, relay } = field;
        const boxes = relay
          .posted("/api/agents/announce")
          .map(
            (body) => JSON.parse((JSON.parse(body) as { b: string }).b) as Seen,
          )
          .filter(({ token }) => token !== undefined);
        const seen = boxes.at(-1);
        must(seen !== undefined, "an announcement with a token passed", boxes);
        const thief = ownKey();
        const document = announcement(
          seen?.server_key ?? "",
          thief.publicKey,
          "copied",
        );
        const body = signedText(
          "rm-announce-v1",
          { ...document, token: seen?.token },
          thief,
        );
        // All of this suite comes from one address.
        const answer = await waitFor(
          "there is room in the address's rate",
          async () => {
            const each = await call<ApiError>(
              server.url,
              "POST",
              "/api/agents/announce",
              body,
              {},
            );
            return each.status !== 429 && each;
          },
          30_000,
        );
        must(answer.body.code === "token_invalid", "it is refused", answer);
      },
    },
  ],
};

interface Seen {
  readonly server_key: string;
  readonly token?: string;
}
