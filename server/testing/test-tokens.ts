import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { seal } from "@restic-manager/shared/identity/seal.ts";
import {
  announced,
  tokenContext,
} from "@restic-manager/shared/protocol/announce.ts";
import type {
  EnrolmentToken,
  TokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import { createFeaturesWorld } from "./features-world.ts";
import type { NewAgent } from "./features-world.ts";
import { agreementKey } from "./test-endpoint.ts";

export type TestTokens = Awaited<ReturnType<typeof createTestTokens>>;

export const tokensPath = "/api/enrolment/tokens";

export const tokenBody = (credential: object = {}, over: object = {}) => ({
  hostname: "attic",
  tags: ["home"],
  repository: {
    url: "rest:http://nas:8000/attic",
    mode: "create",
    credential: { username: "attic", ...credential },
    ...over,
  },
  source: { name: "default", includes: ["/etc"] },
});

/** One-time tokens between people and agents, in a whole server without a broker. */
export async function createTestTokens(
  ...arranged: Parameters<typeof createFeaturesWorld>
) {
  const world = createFeaturesWorld(...arranged);
  const admin = await world.as("admin");

  const post = (body: object = tokenBody()) =>
    world.send("POST", tokensPath, body, admin);

  /** What an announcement carries: the token sealed for `key`. */
  function sealed(token: string, key: string): string {
    const box = seal(
      new TextEncoder().encode(token),
      world.identity.sealKey,
      tokenContext(key),
      agreementKey(),
      world.random.bytes(24),
    );
    return toBase64Url(box);
  }

  const show = (agent: NewAgent, token: string) =>
    agent.announce({ token: sealed(token, agent.publicKeyText) });

  return {
    ...world,
    admin,
    post,
    sealed,
    show,
    async make(body?: object): Promise<TokenMade> {
      return (await (await post(body)).json()) as TokenMade;
    },
    async list(): Promise<EnrolmentToken[]> {
      const response = await world.request(tokensPath, { headers: admin });
      return ((await response.json()) as { tokens: EnrolmentToken[] }).tokens;
    },
    revoke: (id: string) =>
      world.send("DELETE", `${tokensPath}/${id}`, {}, admin),
    /** Joins by a token and returns the host's id. */
    async join(agent: NewAgent, token: string): Promise<string> {
      const said = announced.parse(await (await show(agent, token)).json());
      const answer = (await (await agent.wait(said)).json()) as {
        approval: { b: string };
      };
      return (JSON.parse(answer.approval.b) as { host_id: string }).host_id;
    },
    hosts: () => world.db.selectFrom("hosts").selectAll().execute(),
    async audited(action: string) {
      const rows = await world.db
        .selectFrom("audit_log")
        .selectAll()
        .where("action", "=", action)
        .execute();
      return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) }));
    },
  };
}
