import {
  emptyBody,
  hostDetail,
  hostRemoved,
  removeBody,
} from "@restic-manager/shared/api/hosts.ts";
import { signedText } from "@restic-manager/shared/identity/signed.ts";
import { sessionAnswer } from "@restic-manager/shared/protocol/identity.ts";
import { z } from "zod";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { HostAccess } from "./access.ts";
import type { Fleet } from "./fleet.ts";
import type { Remove } from "./removal.ts";
import type { Rotation } from "./rotation.ts";

const params = z.strictObject({ id: z.string().max(64) });

/** What becomes of a host's access after its approval. */
export function accessRoutes(deps: {
  readonly access: Pick<HostAccess, "session">;
  readonly rotation: Pick<Rotation, "ask">;
  readonly remove: Remove;
  readonly fleet: Pick<Fleet, "detail">;
}): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/agents/session",
      access: "public",
      summary: "An approved agent that was away asks for its access again",
      body: signedText,
      answer: sessionAnswer,
      audit: "none",
      handle: ({ body, request }) => deps.access.session(body, request.ip),
    }),
    route({
      method: "DELETE",
      path: "/api/hosts/:id",
      access: "hosts.remove",
      summary: "Remove a host, its history and its access",
      params,
      body: removeBody,
      answer: hostRemoved,
      audit: "host.remove",
      handle: ({ params: { id }, body, by }) => deps.remove(id, body, by),
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/rotate-key",
      access: "hosts.rotate_key",
      summary: "Have the agent replace its key",
      params,
      body: emptyBody,
      answer: hostDetail,
      audit: "host.rotate_key",
      async handle({ params: { id }, by }) {
        await deps.rotation.ask(id, by);
        return deps.fleet.detail(id);
      },
    }),
  ];
}
