import {
  groupHooks,
  hostHooks,
  hostHooksSpec,
} from "@restic-manager/shared/api/hooks.ts";
import { hookSpec } from "@restic-manager/shared/domain/hook.ts";
import { z } from "zod";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Hooks } from "./hooks.ts";

const byId = z.object({ id: z.string() });
const maxBody = 256 * 1024;

export function hookRoutes(hooks: Hooks): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/sources/:id/hooks",
      access: "hooks.edit",
      summary: "Read the hooks of a source group and what it would inherit",
      params: byId,
      answer: groupHooks,
      handle: ({ params }) => hooks.ofGroup(params.id),
    }),
    route({
      method: "PUT",
      path: "/api/sources/:id/hooks",
      access: "hooks.edit",
      summary: "Replace the hooks of a source group",
      params: byId,
      body: hookSpec,
      maxBody,
      answer: groupHooks,
      audit: "hooks.update",
      handle: ({ params, body, by }) => hooks.changeGroup(params.id, body, by),
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/hooks",
      access: "hooks.edit",
      summary: "Read the default hooks of a host's source groups",
      params: byId,
      answer: hostHooks,
      handle: ({ params }) => hooks.ofHost(params.id),
    }),
    route({
      method: "PUT",
      path: "/api/hosts/:id/hooks",
      access: "hooks.edit",
      summary: "Replace the default hooks of a host and the shell for hooks",
      params: byId,
      body: hostHooksSpec,
      maxBody,
      answer: hostHooks,
      audit: "hooks.update",
      handle: ({ params, body, by }) => hooks.changeHost(params.id, body, by),
    }),
  ];
}
