import { hasPermission } from "@restic-manager/shared/domain/role.ts";
import { AppError } from "../app-error.ts";
import type { Access, Actor } from "../ports/route.ts";

/** @throws AppError `unauthenticated` or `forbidden` */
export function checkAccess(access: Access, actor: Actor | null): void {
  if (access === "public") return;
  if (actor === null) throw new AppError("unauthenticated");
  if (access !== "self" && !hasPermission(actor.role, access)) {
    throw new AppError("forbidden");
  }
}
