import { call } from "../e2e/rig/api.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { type Login, signedText, stolenFrom } from "./login.ts";
import { logInAtBroker, publishing, type RawNats } from "./raw-nats.ts";

async function connected(
  { lab, server }: Field,
  login: Login,
): Promise<RawNats> {
  const nats = await logInAtBroker(lab, server.url, login);
  await nats.settled();
  return nats;
}

async function cannotLogIn(
  { lab, server }: Field,
  login: Login | undefined,
): Promise<void> {
  if (login === undefined) throw new Error("the attack before did not run");
  const nats = await logInAtBroker(lab, server.url, login);
  nats.send("PING\r\n");
  const said = await nats.ended();
  must(said.includes("Authorization Violation"), "the log-in is refused", said);
}

/** What the server says to whoever asks for an approval of this key. */
async function sessionCode(
  { server }: Field,
  login: Login | undefined,
): Promise<string> {
  if (login === undefined) throw new Error("the attack before did not run");
  const { body } = await call<{ public_key: string; server_time: string }>(
    server.url,
    "GET",
    "/api/agents/server",
    undefined,
    {},
  );
  const request = {
    v: 1,
    public_key: login.publicKey,
    server_key: body.public_key,
    t: body.server_time,
    nonce: "0".repeat(16),
  };
  const answer = await call<{ code?: string }>(
    server.url,
    "POST",
    "/api/agents/session",
    signedText("rm-session-v1", request, login),
    {},
  );
  return answer.body.code ?? "";
}

/** One story, told in order. */
export const withdrawnFront: Front = {
  title: "With a key that was replaced, or whose host was removed",
  attacks: [
    {
      tries: "stay connected with a key that is replaced",
      refused: "cut when the new key has said hello",
      async run(field) {
        const { api, leaver } = field;
        const login = stolenFrom(leaver.agent);
        leaver.stolen.replaced = login;
        const nats = await connected(field, login);
        await api.post(`/api/hosts/${leaver.host.id}/rotate-key`);
        await nats.ended(15_000);
      },
    },
    {
      tries: "log in with the replaced key and its approval",
      refused: "authorization violation, hung up",
      run: (field) => cannotLogIn(field, field.leaver.stolen.replaced),
    },
    {
      tries: "have the replaced key approved again",
      refused: "`host_revoked`",
      async run(field) {
        const code = await sessionCode(field, field.leaver.stolen.replaced);
        must(code === "host_revoked", "it is refused", code);
      },
    },
    {
      tries: "go on beside the host after its removal",
      refused: "cut within five seconds, and its agent ends",
      async run(field) {
        const { api, leaver } = field;
        const login = await waitFor("the agent keeps its new key", () => {
          const now = stolenFrom(leaver.agent);
          return now.nkey !== leaver.stolen.replaced?.nkey && now;
        });
        leaver.stolen.removed = login;
        const nats = await connected(field, login);
        nats.send(publishing({ subject: `rm.v1.${leaver.host.id}.hb` }));
        const { status } = await api.ask(
          "DELETE",
          `/api/hosts/${leaver.host.id}`,
          { name: leaver.host.name },
        );
        must(status < 300, "the host is removed", status);
        await nats.ended(5000);
        const { code } = await leaver.agent.program().exit();
        must(code === 5, "the agent ends for good", code);
      },
    },
    {
      tries: "log in with the removed host's approval",
      refused: "authorization violation, hung up",
      run: (field) => cannotLogIn(field, field.leaver.stolen.removed),
    },
    {
      tries: "have the removed host approved again",
      refused: "`host_revoked`",
      async run(field) {
        const code = await sessionCode(field, field.leaver.stolen.removed);
        must(code === "host_revoked", "it is refused", code);
      },
    },
  ],
};
