import { z } from "zod";
import {
  adminCredentialSpec,
  repository,
} from "@restic-manager/shared/api/repos.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { AdminCredential } from "./admin-credential.ts";

const path = "/api/repositories/:id/admin-credential";
const byId = z.object({ id: z.string() });

export function adminCredentialRoutes(credential: AdminCredential): Route[] {
  return [
    route({
      method: "PUT",
      path,
      access: "credentials.admin.edit",
      summary:
        "Say with which access forget and prune may delete; blank keeps, null drops",
      params: byId,
      body: adminCredentialSpec,
      maxBody: 256 * 1024,
      answer: repository,
      audit: "repository.admin_credential",
      handle: ({ params, body, by }) => credential.put(params.id, body, by),
    }),
    route({
      method: "DELETE",
      path,
      access: "credentials.admin.edit",
      summary: "Forget the access that may delete; upkeep stops removing",
      params: byId,
      answer: repository,
      audit: "repository.admin_credential_remove",
      handle: ({ params, by }) => credential.drop(params.id, by),
    }),
  ];
}
