import { expect, test } from "bun:test";
import { hasPermission, permissions, permissionsOf, roles } from "./role.ts";

// The table of the product, row by row: admin, operator, viewer.
const table = {
  view: [true, true, true],
  "jobs.run": [true, true, false],
  "jobs.cancel": [true, true, false],
  "sources.edit": [true, true, false],
  "schedules.edit": [true, true, false],
  "hooks.edit": [true, false, false],
  "credentials.repo.edit": [true, true, false],
  "credentials.admin.edit": [true, false, false],
  "maintenance.edit": [true, false, false],
  "repo.forget": [true, false, false],
  "repo.prune": [true, false, false],
  "repo.reinit": [true, false, false],
  "restore.browse": [true, true, false],
  "restore.run": [true, true, false],
  "restore.in_place": [true, true, false],
  "restore.download": [true, true, false],
  "restore.cross_host": [true, false, false],
  "hosts.edit": [true, true, false],
  "hosts.approve": [true, false, false],
  "hosts.remove": [true, false, false],
  "hosts.rotate_key": [true, false, false],
  "alerts.handle": [true, true, false],
  "notifications.manage": [true, false, false],
  "kit.export": [true, false, false],
  "users.manage": [true, false, false],
} as const;

test.each(permissions.map((permission) => [permission]))(
  "%s is held by the roles of the table",
  (permission) => {
    const held = roles.map((role) => hasPermission(role, permission));
    expect(held).toEqual([...table[permission]]);
  },
);

test("the names of a role's permissions are the ones it holds", () => {
  for (const role of roles) {
    expect([...permissionsOf(role)].sort()).toEqual(
      permissions.filter((p) => hasPermission(role, p)).sort(),
    );
  }
});
