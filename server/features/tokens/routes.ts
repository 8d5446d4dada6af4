import {
  tokenBody,
  tokenList,
  tokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import { z } from "zod";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Tokens } from "./tokens.ts";

const byId = z.strictObject({ id: z.string().max(64) });
/** As for setting a host up: long lists of paths, and a certificate. */
const maxBody = 256 * 1024;

export function tokenRoutes(deps: {
  readonly tokens: Tokens;
  /** RM_BASE_URL. */
  readonly baseUrl: string | undefined;
}): readonly Route[] {
  const { tokens } = deps;
  return [
    route({
      method: "POST",
      path: "/api/enrolment/tokens",
      access: "hosts.approve",
      summary: "Make a one-time token with which one host joins by itself",
      body: tokenBody,
      maxBody,
      answer: tokenMade,
      status: 201,
      audit: "token.create",
      handle: ({ body, by, request }) =>
        tokens.make(body, deps.baseUrl ?? request.origin, by),
    }),
    route({
      method: "GET",
      path: "/api/enrolment/tokens",
      access: "hosts.approve",
      summary: "One-time tokens that can be used, or were in the last hour",
      answer: tokenList,
      handle: async () => ({ tokens: await tokens.list() }),
    }),
    route({
      method: "DELETE",
      path: "/api/enrolment/tokens/:id",
      access: "hosts.approve",
      summary: "Revoke a one-time token that was not used",
      params: byId,
      answer: null,
      audit: "token.revoke",
      handle: ({ params, by }) => tokens.revoke(params.id, by),
    }),
  ];
}
