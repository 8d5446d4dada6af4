import { z } from "zod";
import { job } from "@restic-manager/shared/api/jobs.ts";
import {
  downloadQuery,
  restoreBody,
  restoreCheck,
  restoreCheckBody,
} from "@restic-manager/shared/api/restores.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { CheckRestore } from "./check.ts";
import type { Download } from "./downloads.ts";
import type { StartRestore } from "./restores.ts";

const params = z.object({ id: z.string(), snapshot: z.string() });
const base = "/api/repositories/:id/snapshots/:snapshot";
/** Five hundred paths, some of them long. */
const maxBody = 1024 * 1024;

const sourceOf = ({ id, snapshot }: z.output<typeof params>) => ({
  repositoryId: id,
  snapshotId: snapshot,
});

export function restoreRoutes(deps: {
  start: StartRestore;
  check: CheckRestore;
  download: Download;
}): Route[] {
  return [
    route({
      method: "POST",
      path: `${base}/restore`,
      access: "restore.run",
      summary:
        "Restore files of a snapshot on a host; in place and on hosts that do not use the repository each need their own permission",
      params,
      body: restoreBody,
      maxBody,
      answer: job,
      status: 202,
      audit: "host.restore",
      handle: ({ params, body, actor, by }) =>
        deps.start(sourceOf(params), body, { actor, by }),
    }),
    route({
      method: "POST",
      path: `${base}/restore/check`,
      access: "restore.run",
      summary: "Ask the host what a restore would find, writing nothing",
      params,
      body: restoreCheckBody,
      maxBody,
      answer: restoreCheck,
      audit: "none",
      handle: ({ params, body, actor }) =>
        deps.check(sourceOf(params), body, actor),
    }),
    route({
      method: "GET",
      path: `${base}/download`,
      access: "restore.download",
      summary:
        "Download files of a snapshot, streamed from its repository through an agent",
      params,
      query: downloadQuery,
      answer: "application/octet-stream",
      audit: "snapshot.download",
      handle: ({ params, query, actor, by, request }) =>
        deps.download(sourceOf(params), query, { actor, by, request }),
    }),
  ];
}
