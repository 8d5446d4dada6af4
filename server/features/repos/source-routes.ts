import {
  sourceGroup,
  sourceGroupList,
} from "@restic-manager/shared/api/repos.ts";
import {
  sourceGroupChange,
  sourceGroupSpec,
} from "@restic-manager/shared/domain/source.ts";
import { z } from "zod";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Sources } from "./sources.ts";

const byId = z.object({ id: z.string() });
/** Long lists of paths and patterns. */
const maxBody = 256 * 1024;

export function sourceRoutes(sources: Sources): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/hosts/:id/sources",
      access: "view",
      summary: "List what a host backs up and how long it is kept",
      params: byId,
      answer: sourceGroupList,
      handle: async ({ params }) => ({
        groups: await sources.listOf(params.id),
      }),
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/sources",
      access: "sources.edit",
      summary: "Add a source group to a host",
      params: byId,
      body: sourceGroupSpec,
      maxBody,
      answer: sourceGroup,
      status: 201,
      audit: "source_group.create",
      handle: ({ params, body, by }) => sources.create(params.id, body, by),
    }),
    route({
      method: "PUT",
      path: "/api/sources/:id",
      access: "sources.edit",
      summary: "Replace what a source group backs up and how long it is kept",
      params: byId,
      body: sourceGroupChange,
      maxBody,
      answer: sourceGroup,
      audit: "source_group.update",
      handle: ({ params, body, by }) => sources.change(params.id, body, by),
    }),
    route({
      method: "DELETE",
      path: "/api/sources/:id",
      access: "sources.edit",
      summary:
        "Delete a source group that no schedule runs; its snapshots stay",
      params: byId,
      answer: null,
      audit: "source_group.delete",
      handle: ({ params, by }) => sources.remove(params.id, by),
    }),
  ];
}
