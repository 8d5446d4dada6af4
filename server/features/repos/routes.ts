import { z } from "zod";
import {
  repository,
  repositoryList,
  repositoryPatch,
  setUpBody,
  setUpResult,
  snapshotList,
} from "@restic-manager/shared/api/repos.ts";
import { repoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Repositories } from "./repositories.ts";
import type { SetUp } from "./set-up.ts";
import type { Snapshots } from "./snapshots.ts";

const byId = z.object({ id: z.string() });
const snapshotPage = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
/**
 * Long lists of paths and patterns, and a certificate. A host's configuration holds two of these, sealed and as base64,
 * in one message, of which the broker takes 1 MiB.
 */
const maxBody = 256 * 1024;

export function repositoryRoutes(deps: {
  setUp: SetUp;
  repositories: Repositories;
  snapshots: Snapshots;
}): Route[] {
  const { setUp, repositories, snapshots } = deps;
  return [
    route({
      method: "POST",
      path: "/api/hosts/:id/setup",
      access: "hosts.approve",
      summary:
        "Let the agent test or create its repository, then save what to back up and when",
      params: byId,
      body: setUpBody,
      maxBody,
      answer: setUpResult,
      status: 201,
      audit: "host.set_up",
      handle: ({ params, body, by }) => setUp.run(params.id, body, by),
    }),
    route({
      method: "POST",
      path: "/api/hosts/:id/repository-test",
      access: "hosts.approve",
      summary: "Let the agent open an existing repository, saving nothing",
      params: byId,
      body: setUpBody,
      maxBody,
      answer: repoTestResult,
      audit: "repository.test",
      handle: ({ params, body, by }) => setUp.test(params.id, body, by),
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/repositories",
      access: "view",
      summary: "List the repositories of a host, its default first",
      params: byId,
      answer: repositoryList,
      handle: async ({ params }) => ({
        repositories: await repositories.listOf(params.id),
      }),
    }),
    route({
      method: "GET",
      path: "/api/repositories/:id",
      access: "view",
      summary: "Read a repository without its secrets",
      params: byId,
      answer: repository,
      handle: ({ params }) => repositories.get(params.id),
    }),
    route({
      method: "PATCH",
      path: "/api/repositories/:id",
      access: "credentials.repo.edit",
      summary: "Rename a repository or replace secrets; blank keeps",
      params: byId,
      body: repositoryPatch,
      maxBody,
      answer: repository,
      audit: "repository.update",
      handle: ({ params, body, by }) =>
        repositories.change(params.id, body, by),
    }),
    route({
      method: "GET",
      path: "/api/hosts/:id/snapshots",
      access: "view",
      summary: "Page through the snapshots of a host, newest first",
      params: byId,
      query: snapshotPage,
      answer: snapshotList,
      handle: ({ params, query }) => snapshots.list(params.id, query),
    }),
  ];
}
