import {
  acceptBody,
  emptyBody,
  enrolmentInfo,
  fleetSummary,
  hostDetail,
  hostList,
  hostPatch,
  hostQuery,
  pendingList,
} from "@restic-manager/shared/api/hosts.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  signText,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import {
  announced,
  serverIdentity,
  waitAnswer,
} from "@restic-manager/shared/protocol/announce.ts";
import type { SealKey } from "@restic-manager/shared/protocol/announce.ts";
import {
  protocolMax,
  protocolMin,
} from "@restic-manager/shared/protocol/version.ts";
import { z } from "zod";
import type { ServerIdentity } from "../../identity.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Decisions } from "./decisions.ts";
import type { Enrolment } from "./enrolment.ts";
import type { Fleet } from "./fleet.ts";
import type { ChangeSettings } from "./settings.ts";

const pendingParams = z.strictObject({ id: z.string().max(64) });
const hostParams = z.strictObject({ id: z.string().max(64) });

export function hostRoutes(deps: {
  readonly enrolment: Enrolment;
  readonly decisions: Decisions;
  readonly fleet: Fleet;
  readonly changeSettings: ChangeSettings;
  readonly identity: Pick<
    ServerIdentity,
    "publicKeyText" | "fingerprint" | "sealKey" | "sign"
  >;
  readonly clock: Clock;
  /** RM_BASE_URL. */
  readonly baseUrl: string | undefined;
}): readonly Route[] {
  const { enrolment, decisions, fleet, identity, clock } = deps;
  const seal_key = sealKeyOf(identity);
  return [
    route({
      method: "GET",
      path: "/api/agents/server",
      access: "public",
      summary: "The server's identity key, for agents that are about to join",
      answer: serverIdentity,
      handle: () => ({
        public_key: identity.publicKeyText,
        fingerprint: identity.fingerprint,
        server_time: toTimestamp(clock.now()),
        protocol_min: protocolMin,
        protocol_max: protocolMax,
        seal_key,
      }),
    }),
    route({
      method: "POST",
      path: "/api/agents/announce",
      access: "public",
      summary: "An agent asks to join",
      body: signedText,
      answer: announced,
      audit: "none",
      handle: ({ body, request }) => enrolment.announce(body, request.ip),
    }),
    route({
      method: "POST",
      path: "/api/agents/announce/:id/wait",
      access: "public",
      summary: "An agent proves its key and waits up to 25 s for a decision",
      params: pendingParams,
      body: signedText,
      answer: waitAnswer,
      audit: "none",
      handle: ({ params, body, request }) =>
        enrolment.wait(params.id, body, request),
    }),
    route({
      method: "GET",
      path: "/api/pending",
      access: "view",
      summary: "Hosts that wait for approval",
      answer: pendingList,
      handle: async () => ({ pending: await decisions.list() }),
    }),
    route({
      method: "POST",
      path: "/api/pending/:id/accept",
      access: "hosts.approve",
      summary: "Approve a waiting host whose fingerprint was compared",
      params: pendingParams,
      body: acceptBody,
      answer: hostDetail,
      audit: "host.approve",
      async handle({ params, body, by }) {
        const id = await decisions.accept(params.id, body.fingerprint, by);
        return fleet.detail(id);
      },
    }),
    route({
      method: "POST",
      path: "/api/pending/:id/reject",
      access: "hosts.approve",
      summary: "Reject a waiting host",
      params: pendingParams,
      body: emptyBody,
      answer: null,
      audit: "host.reject",
      handle: ({ params, by }) => decisions.reject(params.id, by),
    }),
    route({
      method: "GET",
      path: "/api/enrolment",
      access: "view",
      summary: "What a person types on an endpoint to make it join",
      answer: enrolmentInfo,
      handle({ request }) {
        const url = deps.baseUrl ?? request.origin;
        return {
          url,
          server_key: identity.fingerprint,
          plain_http: url.startsWith("http:"),
        };
      },
    }),
    route({
      method: "GET",
      path: "/api/hosts",
      access: "view",
      summary: "Hosts by name",
      query: hostQuery,
      answer: hostList,
      handle: ({ query }) => fleet.page(query),
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id",
      access: "view",
      summary: "One host with all that its agent said about itself",
      params: hostParams,
      answer: hostDetail,
      handle: ({ params }) => fleet.detail(params.id),
    }),
    route({
      method: "PATCH",
      path: "/api/hosts/:id",
      access: "hosts.edit",
      summary: "Change a host's tags, bandwidth, or whether it is always on",
      params: hostParams,
      body: hostPatch,
      answer: hostDetail,
      audit: "host.update",
      async handle({ params, body, by }) {
        await deps.changeSettings(params.id, body, by);
        return fleet.detail(params.id);
      },
    }),
    route({
      method: "GET",
      path: "/api/fleet/summary",
      access: "view",
      summary: "Counts over all hosts",
      answer: fleetSummary,
      handle: () => fleet.summary(),
    }),
  ];
}

/** What agents seal one-time tokens to. */
function sealKeyOf({
  sealKey,
  publicKeyText,
  sign,
}: Pick<ServerIdentity, "sealKey" | "publicKeyText" | "sign">): SignedText {
  const body: SealKey = {
    x25519: toBase64Url(sealKey),
    server_key: publicKeyText,
  };
  return signText("rm-seal-key-v1", body, sign);
}
