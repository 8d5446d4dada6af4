import { auditList, auditQuery } from "@restic-manager/shared/api/audit.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { AuditLog } from "./log.ts";

export function auditRoutes(log: AuditLog): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/audit",
      access: "view",
      summary: "Page through what was changed, by whom, newest first",
      query: auditQuery,
      answer: auditList,
      handle: ({ query }) => log.page(query),
    }),
  ];
}
