import { z } from "zod";
import {
  diffPage,
  diffQuery,
  findQuery,
  findResult,
  repositoryIndex,
  snapshotIndex,
  treePage,
  treeQuery,
} from "@restic-manager/shared/api/trees.ts";
import { emptyBody } from "@restic-manager/shared/api/hosts.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { createAsking } from "./asking.ts";
import type { createBrowse } from "./browse.ts";
import type { createDiff, Difference } from "./diff.ts";
import type { createSweep } from "./sweep.ts";

const ofSnapshot = z.object({ id: z.string(), snapshot: z.string() });
const ofRepository = z.object({ id: z.string() });
const base = "/api/repositories/:id/snapshots/:snapshot";

export function treeRoutes(deps: {
  browse: ReturnType<typeof createBrowse>;
  diff: ReturnType<typeof createDiff>;
  asking: ReturnType<typeof createAsking>;
  sweep: ReturnType<typeof createSweep>;
}): Route[] {
  const { browse, diff, asking, sweep } = deps;
  return [
    route({
      method: "GET",
      path: `${base}/tree`,
      access: "restore.browse",
      summary: "List a folder of a snapshot",
      params: ofSnapshot,
      query: treeQuery,
      answer: treePage,
      handle: ({ params, query }) =>
        browse.page(params.id, params.snapshot, query),
    }),
    route({
      method: "GET",
      path: `${base}/find`,
      access: "restore.browse",
      summary: "Find files and folders of a snapshot by a part of their name",
      params: ofSnapshot,
      query: findQuery,
      answer: findResult,
      handle: ({ params, query, request }) =>
        browse.find(params.id, params.snapshot, query, request.signal),
    }),
    route({
      method: "GET",
      path: `${base}/index`,
      access: "restore.browse",
      summary: "How far the index of a snapshot is",
      params: ofSnapshot,
      answer: snapshotIndex,
      handle: ({ params }) => asking.state(params.id, params.snapshot),
    }),
    route({
      method: "POST",
      path: `${base}/index`,
      access: "restore.browse",
      summary: "Ask an agent for what is in a snapshot",
      params: ofSnapshot,
      body: emptyBody,
      answer: snapshotIndex,
      status: 202,
      audit: "snapshot.index",
      handle: ({ params, by }) => asking.ask(params.id, params.snapshot, by),
    }),
    route({
      method: "GET",
      path: "/api/repositories/:id/diff",
      access: "restore.browse",
      summary: "What changed between two snapshots in a folder and below it",
      params: ofRepository,
      query: diffQuery,
      answer: diffPage,
      handle: ({ params, query, request }) =>
        diff.page(params.id, query, request.signal),
    }),
    route({
      method: "GET",
      path: "/api/repositories/:id/diff.ndjson",
      access: "restore.browse",
      summary: "Download every path that changed, one JSON object a line",
      params: ofRepository,
      query: diffQuery,
      answer: "application/x-ndjson",
      async handle({ params, query, request }) {
        const all = await diff.all(params.id, query, request.signal);
        const name = `diff-${query.a.slice(0, 8)}-${query.b.slice(0, 8)}.ndjson`;
        return new Response(linesOf(all), {
          headers: {
            "content-type": "application/x-ndjson",
            "content-disposition": `attachment; filename="${name}"`,
            "cache-control": "no-store",
          },
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/repositories/:id/index",
      access: "view",
      summary: "How much is kept of what is in a repository's snapshots",
      params: ofRepository,
      answer: repositoryIndex,
      handle: ({ params }) => sweep.size(params.id),
    }),
    route({
      method: "DELETE",
      path: "/api/repositories/:id/index",
      access: "maintenance.edit",
      summary: "Throw the index away; no backup is lost",
      params: ofRepository,
      body: emptyBody,
      answer: repositoryIndex,
      audit: "index.delete",
      handle: ({ params, by }) => sweep.deleteAll(params.id, by),
    }),
  ];
}

const linesAtOnce = 500;

function linesOf(all: AsyncGenerator<Difference>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      let text = "";
      for (let n = 0; n < linesAtOnce; n += 1) {
        const next = await all.next();
        if (next.done === true) {
          if (text !== "") controller.enqueue(new TextEncoder().encode(text));
          return controller.close();
        }
        text += `${JSON.stringify(next.value)}\n`;
      }
      controller.enqueue(new TextEncoder().encode(text));
    },
    cancel: () => void all.return(undefined),
  });
}
