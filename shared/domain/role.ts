/** Permissions are authoritative; a role is only a named set of them. */
export const permissions = [
  "view",
  "jobs.run",
  "jobs.cancel",
  "sources.edit",
  "schedules.edit",
  "hooks.edit",
  "credentials.repo.edit",
  "credentials.admin.edit",
  "maintenance.edit",
  "repo.forget",
  "repo.prune",
  "repo.reinit",
  "restore.browse",
  "restore.run",
  "restore.in_place",
  "restore.download",
  "restore.cross_host",
  "hosts.edit",
  "hosts.approve",
  "hosts.remove",
  "hosts.rotate_key",
  "alerts.handle",
  "notifications.manage",
  "kit.export",
  "users.manage",
] as const;

export type Permission = (typeof permissions)[number];

export const roles = ["admin", "operator", "viewer"] as const;

export type Role = (typeof roles)[number];

const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  admin: permissions,
  operator: [
    "view",
    "jobs.run",
    "jobs.cancel",
    "sources.edit",
    "schedules.edit",
    "credentials.repo.edit",
    "restore.browse",
    "restore.run",
    "restore.in_place",
    "restore.download",
    "hosts.edit",
    "alerts.handle",
  ],
  viewer: ["view"],
};

export function permissionsOf(role: Role): readonly Permission[] {
  return rolePermissions[role];
}

export function hasPermission(role: Role, permission: Permission): boolean {
  return rolePermissions[role].includes(permission);
}
