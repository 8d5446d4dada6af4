import {
  alert,
  alertCounts,
  alertList,
  alertQuery,
} from "@restic-manager/shared/api/alerts.ts";
import { emptyBody } from "@restic-manager/shared/api/hosts.ts";
import { z } from "zod";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Alerts } from "./alerts.ts";

const byId = z.strictObject({ id: z.string().max(64) });

export function alertRoutes(alerts: Alerts): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/alerts",
      access: "view",
      summary:
        "Alerts, newest first, by state, severity, kind, host and repository",
      query: alertQuery,
      answer: alertList,
      handle: ({ query }) => alerts.list(query),
    }),
    route({
      method: "GET",
      path: "/api/alerts/counts",
      access: "view",
      summary: "How many alerts are not resolved",
      answer: alertCounts,
      handle: () => alerts.counts(),
    }),
    route({
      method: "POST",
      path: "/api/alerts/:id/acknowledge",
      access: "alerts.handle",
      summary: "Say that an alert was seen; it stays until it no longer holds",
      params: byId,
      body: emptyBody,
      answer: alert,
      audit: "alert.acknowledge",
      handle: ({ params, by }) => alerts.acknowledge(params.id, by),
    }),
    route({
      method: "POST",
      path: "/api/alerts/:id/resolve",
      access: "alerts.handle",
      summary: "Close an alert until what it tells happens anew",
      params: byId,
      body: emptyBody,
      answer: alert,
      audit: "alert.resolve",
      handle: ({ params, by }) => alerts.resolve(params.id, by),
    }),
  ];
}
