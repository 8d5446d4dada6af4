import { z } from "zod";
import { emptyBody } from "@restic-manager/shared/api/hosts.ts";
import { job } from "@restic-manager/shared/api/jobs.ts";
import {
  checkBody,
  maintenance,
  reinitBody,
} from "@restic-manager/shared/api/maintenance.ts";
import { maintenanceSettings } from "@restic-manager/shared/domain/maintenance.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Settings } from "./settings.ts";
import type { Upkeep } from "./upkeep.ts";

const byId = z.object({ id: z.string() });
const base = "/api/repositories/:id";
const started = { params: byId, answer: job, status: 202 } as const;

export function maintenanceRoutes(deps: {
  settings: Settings;
  upkeep: Upkeep;
}): Route[] {
  const { settings, upkeep } = deps;
  return [
    route({
      method: "GET",
      path: `${base}/maintenance`,
      access: "view",
      summary: "Read when a repository is tidied and checked, and by whom",
      params: byId,
      answer: maintenance,
      handle: ({ params }) => settings.get(params.id),
    }),
    route({
      method: "PUT",
      path: `${base}/maintenance`,
      access: "maintenance.edit",
      summary: "Set when a repository is tidied and checked, and by whom",
      params: byId,
      body: maintenanceSettings,
      answer: maintenance,
      audit: "maintenance.update",
      handle: ({ params, body, by }) => settings.put(params.id, body, by),
    }),
    route({
      ...started,
      method: "POST",
      path: `${base}/forget`,
      access: "repo.forget",
      summary: "Remove the snapshots that no retention policy keeps",
      body: emptyBody,
      audit: "repository.forget",
      handle: ({ params, by }) => upkeep.run(params.id, { kind: "forget" }, by),
    }),
    route({
      ...started,
      method: "POST",
      path: `${base}/prune`,
      access: "repo.prune",
      summary: "Free the space of removed snapshots",
      body: emptyBody,
      audit: "repository.prune",
      handle: ({ params, by }) => upkeep.run(params.id, { kind: "prune" }, by),
    }),
    route({
      ...started,
      method: "POST",
      path: `${base}/check`,
      access: "jobs.run",
      summary: "Look for errors, reading some of the data",
      body: checkBody,
      audit: "repository.check",
      handle: ({ params, body, by }) =>
        upkeep.run(params.id, { kind: "check", params: body }, by),
    }),
    route({
      ...started,
      method: "POST",
      path: `${base}/unlock`,
      access: "jobs.run",
      summary: "Remove locks whose process is dead",
      body: emptyBody,
      audit: "repository.unlock",
      handle: ({ params, by }) => upkeep.run(params.id, { kind: "unlock" }, by),
    }),
    route({
      ...started,
      method: "POST",
      path: `${base}/unlock-all`,
      access: "repo.prune",
      summary:
        "Remove every lock, also of living processes; refused while a job runs",
      body: emptyBody,
      audit: "repository.unlock_all",
      handle: ({ params, by }) =>
        upkeep.run(params.id, { kind: "unlock", params: { all: true } }, by),
    }),
    route({
      ...started,
      method: "POST",
      path: `${base}/reinit`,
      access: "repo.reinit",
      summary:
        "Create the repository anew where it was lost; one that is there stays",
      body: reinitBody,
      audit: "repository.reinit",
      handle: ({ params, body, by }) =>
        upkeep.run(params.id, { kind: "init", name: body.name }, by),
    }),
  ];
}
