import { z } from "zod";
import {
  previewQuery,
  schedule,
  scheduleList,
  schedulePatch,
  schedulePreview,
  scheduleSpec,
} from "@restic-manager/shared/api/schedules.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Schedules } from "./schedules.ts";

const byId = z.object({ id: z.string() });

export function scheduleRoutes(schedules: Schedules): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/hosts/:id/schedules",
      access: "view",
      summary: "List the schedules of a host with their next runs",
      params: byId,
      answer: scheduleList,
      handle: async ({ params }) => ({
        schedules: await schedules.listOf(params.id),
      }),
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/schedules",
      access: "schedules.edit",
      summary: "Add a schedule that runs source groups of a host, in order",
      params: byId,
      body: scheduleSpec,
      answer: schedule,
      status: 201,
      audit: "schedule.create",
      handle: ({ params, body, by }) => schedules.create(params.id, body, by),
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/schedules/preview",
      access: "view",
      summary: "The next five fires of a cron text in the zone of a host",
      params: byId,
      query: previewQuery,
      answer: schedulePreview,
      handle: ({ params, query }) => schedules.preview(params.id, query.cron),
    }),
    route({
      method: "DELETE",
      path: "/api/schedules/:id",
      access: "schedules.edit",
      summary: "Delete a schedule; its source groups stay",
      params: byId,
      answer: null,
      audit: "schedule.delete",
      handle: ({ params, by }) => schedules.remove(params.id, by),
    }),
    route({
      method: "PATCH",
      path: "/api/schedules/:id",
      access: "schedules.edit",
      summary: "Change when and what a schedule runs, or switch it off",
      params: byId,
      body: schedulePatch,
      answer: schedule,
      audit: "schedule.update",
      handle: ({ params, body, by }) => schedules.change(params.id, body, by),
    }),
  ];
}
