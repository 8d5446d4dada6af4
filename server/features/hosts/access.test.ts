import { beforeEach, describe, expect, test } from "bun:test";
import { helloAnswer } from "@restic-manager/shared/protocol/hello.ts";
import { apiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { openSigned } from "@restic-manager/shared/identity/signed.ts";
import {
  refusal,
  renewAnswer,
  sessionAnswer,
} from "@restic-manager/shared/protocol/identity.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { verifySignature } from "../../identity.ts";
import {
  createApprovedAgent,
  voiceOf,
  type ApprovedAgent,
} from "../../testing/approved-agent.ts";
import {
  codeOf,
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { createTestAgent } from "../../testing/test-agent.ts";

let world: HostsWorld;
let nas: ApprovedAgent;

beforeEach(async () => {
  world = createHostsWorld();
  nas = await createApprovedAgent(world, 1, "nas");
  world.hosts.start();
});

const jwtOf = (agent: Pick<ApprovedAgent, "publicKey" | "hostId">) =>
  `${encodeNkey("user", agent.publicKey)} ${agent.hostId} 2026-01-31T00:00:00.000Z`;

describe("renewal", () => {
  test("an agent gets a JWT for another 30 days over its connection", async () => {
    const answer = await nas.ask("renew", {}, renewAnswer);
    expect(answer).toEqual({
      host: nas.hostId,
      t: "2026-01-01T00:00:00.000Z",
      jwt: jwtOf(nas),
    });
  });

  test("only the host's own key renews", async () => {
    const thief = voiceOf(world, createTestAgent(world.clock, 7, nas.hostId));
    expect(await thief.ask("renew", {}, renewAnswer)).toBeNull();
  });

  test("an agent whose JWT another key signed is told to renew", async () => {
    const renews = async (jwt_issuer: string) => {
      const text = nas.hello({ jwt_issuer });
      const answer = await nas.said("hello", text, helloAnswer);
      return answer?.ok === true && answer.renew;
    };
    expect(await renews("the signer before")).toBe(true);
    expect(await renews("the present signer")).toBe(false);
  });
});

describe("a session", () => {
  test("gives the approval again, without a person and without an announcement [ENR-13]", async () => {
    const response = await nas.session();
    const { approval } = sessionAnswer.parse(await response.json());
    expect(nas.approvalIn(approval)).toEqual({
      host_id: nas.hostId,
      host_name: "nas",
      public_key: nas.publicKeyText,
      server_key: world.identity.publicKeyText,
      jwt: jwtOf(nas),
      approved_at: "2026-01-01T00:00:00.000Z",
    });
    expect(await world.pendingRows()).toBe(0);
  });

  test("a key that no host ever had is unknown, with the server's signature [ENR-13]", async () => {
    const stranger = voiceOf(world, createTestAgent(world.clock, 7));
    const answer = await stranger.session();
    expect(answer.status).toBe(404);
    const { code, refusal: signed } = apiErrorBody.parse(await answer.json());
    expect(code).toBe("host_unknown");
    const said = openSigned(
      "rm-refusal-v1",
      signed ?? { b: "", s: "" },
      world.identity.publicKey,
      verifySignature,
      refusal,
    );
    expect(said).toMatchObject({ code, public_key: stranger.publicKeyText });
  });

  test("a question for another server, of another time, by another key or for another use is refused", async () => {
    const other = createTestAgent(world.clock, 7);
    const later = (minutes: number) =>
      new Date(world.clock.now() + minutes * 60_000).toISOString();
    const refused = [
      [
        nas.session({ server_key: other.publicKeyText }),
        "409 server_key_mismatch",
      ],
      [nas.session({ t: later(6) }), "403 session_time_invalid"],
      [nas.session({ t: later(-6) }), "403 session_time_invalid"],
      [
        nas.session({ public_key: other.publicKeyText }),
        "403 signature_invalid",
      ],
      [nas.session({ public_key: "AAAA" }), "400 public_key_invalid"],
      [nas.session({ v: 2 }), "400 invalid_request"],
      [nas.session({}, "rm-request-v1" as never), "403 signature_invalid"],
    ] as const;
    for (const [response, code] of refused)
      expect(await codeOf(response)).toBe(code);
    expect((await nas.session({ t: later(4) })).status).toBe(200);
  });

  test("one address may ask sixty times a minute [ENR-13]", async () => {
    for (let i = 0; i < 60; i++) expect((await nas.session()).status).toBe(200);
    expect(await codeOf(nas.session())).toBe("429 rate_limited");
    await world.clock.advance(1_000);
    expect((await nas.session()).status).toBe(200);
  });
});
