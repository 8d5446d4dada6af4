import { join } from "node:path";
import {
  hasPermission,
  permissions,
  roles,
} from "@restic-manager/shared/domain/role.ts";
import { openApiRoute } from "../http/openapi.ts";
import { doors } from "./sweep.ts";
import type { TestApi } from "./test-api.ts";

export const referencePath = join(
  import.meta.dir,
  "../../docs/reference/permissions.md",
);

const head = `# Permissions

Who may do what. Permissions decide; a role is only a named set of them. This file is written by \`just permissions\` from
what the routes declare, and a test fails while it says anything else.
`;

const routesHead = `## Routes

\`public\`: anybody. \`self\`: every logged-in user, for what is their own. A change that a route makes leaves the audit row
named beside it.
`;

/** The text of \`docs/reference/permissions.md\`. */
export function permissionsReference(
  api: Pick<TestApi, "routes" | "sockets">,
): string {
  const routes = [...api.routes, openApiRoute(api.routes, api.sockets)];
  const all = doors({ ...api, routes }).toSorted(
    (a, b) => compare(a.path, b.path) || compare(a.name, b.name),
  );
  return [
    head,
    "## Roles\n",
    table(
      ["Permission", ...roles],
      permissions.map((permission) => [
        code(permission),
        ...roles.map((role) => (hasPermission(role, permission) ? "yes" : "–")),
      ]),
    ),
    routesHead,
    table(
      ["Route", "Needs", "Audit row", "What it does"],
      all.map((door) => {
        const audit = "audit" in door ? door.audit : undefined;
        const row = audit === undefined || audit === "none" ? "–" : code(audit);
        return [code(door.name), code(door.access), row, door.summary];
      }),
    ).trimEnd(),
    "",
  ].join("\n");
}

const code = (text: string) => `\`${text}\``;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0, fill)).join(" | ")} |\n`;
  return [
    line(header),
    line(
      header.map(() => ""),
      "-",
    ),
    ...rows.map((cells) => line(cells)),
  ].join("");
}
