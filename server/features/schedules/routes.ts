import { z } from "zod";
import {
  schedule,
  scheduleList,
  schedulePatch,
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
      method: "PATCH",
      path: "/api/schedules/:id",
      access: "schedules.edit",
      summary: "Change when a schedule runs, or switch it off",
      params: byId,
      body: schedulePatch,
      answer: schedule,
      audit: "schedule.update",
      handle: ({ params, body, by }) => schedules.change(params.id, body, by),
    }),
  ];
}
