import { permissions } from "@restic-manager/shared/domain/role.ts";
import type { Access, Route, SocketRoute } from "../ports/route.ts";

const accesses: readonly unknown[] = [
  ...permissions,
  "self",
  "public",
] satisfies Access[];

/**
 * Refuses a set of routes in which one leaves open who may use it, what it takes, or what it records: such a server
 * does not start.
 *
 * @throws Error naming the route
 */
export function checkRoutes(
  routes: readonly Route[],
  sockets: readonly SocketRoute[],
): void {
  const seen = new Set<string>();
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    const refuse = (why: string) => {
      throw new Error(`Route ${name} ${why}`);
    };
    if (!accesses.includes(route.access)) {
      refuse("does not declare who may use it");
    }
    if (!route.summary) refuse("has no summary");
    if (route.answer === undefined) refuse("does not declare its answer");
    if (route.path.includes(":") !== (route.params !== undefined)) {
      refuse("must declare a schema for exactly the parameters in its path");
    }
    if (route.method !== "GET" && !route.audit) {
      refuse("does not declare which audit row it leaves");
    }
    if (seen.has(name)) refuse("is declared twice");
    seen.add(name);
  }
  for (const socket of sockets) {
    if (!accesses.includes(socket.access)) {
      throw new Error(`Socket ${socket.path} does not declare who may use it`);
    }
  }
}
