import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type {
  SkipReason,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import { type Feature, isOn } from "./feature-state.ts";
import { timeIn } from "./format.ts";

export const upkeepTexts: Readonly<Record<UpkeepKind, string>> = {
  forget: "Removes snapshots that the retention of their source group lets go.",
  prune: "Frees the space of data that no snapshot needs any more.",
  check: "Reads the structure and a part of the data, and reports damage.",
};

const skipTexts: Readonly<Record<SkipReason, string>> = {
  host_offline: "the host that does it was offline",
  admin_credential_missing: "there was no admin credential",
  retention_empty: "no source group had a retention policy",
  no_host: "no host could do it",
};

type RetentionReason = NonNullable<Repository["retention"]["reason"]>;

/** Why snapshots beyond their retention stay, and what a person does about it. */
export const notEnforcedTexts: Readonly<Record<RetentionReason, string>> = {
  admin_credential_missing:
    "forget needs access that may delete, and there is no admin credential. Snapshots beyond their retention stay, and the repository grows.",
  forget_off:
    "forget is switched off. Snapshots beyond their retention stay, and the repository grows.",
  forget_failing:
    "the last forget failed. Snapshots beyond their retention stay until one succeeds.",
  forget_overdue:
    "forget has not run at its time. Snapshots beyond their retention stay until it runs.",
  names_clash:
    "two hosts of the same host name have, or had, source groups of the same name in this repository, so that restic cannot tell their snapshots apart, and those groups are left out. Give each of them a new name, also after a new installation; what was backed up under the old name stays until you remove it yourself.",
};

/** Why this repository keeps more than its retention says, and what a person does about it. */
export function notEnforcedText(repository: Repository): string {
  return adminCannotDelete(repository)
    ? "the admin credential is the hosts’ own access, and that cannot delete. Snapshots beyond their retention stay until another access is set."
    : notEnforcedTexts[repository.retention.reason ?? "forget_overdue"];
}

/** A forget with the hosts' own access as admin credential was refused. */
export function adminCannotDelete({
  admin,
  append_only,
  retention: { reason },
}: Repository): boolean {
  return (
    reason === "forget_failing" &&
    append_only === "proven" &&
    isOwnAccess(admin)
  );
}

/** Whether the admin credential names nothing that differs from the hosts' own access. */
export function isOwnAccess(admin: Repository["admin"]): boolean {
  return (
    admin.url === null &&
    admin.username === null &&
    !admin.password_set &&
    !admin.user_password_set &&
    admin.env_names.length === 0 &&
    !admin.ca_set
  );
}

/** How one kind of upkeep stands on a repository. */
export function upkeepState(
  kind: UpkeepKind,
  { admin, retention }: Pick<Repository, "admin" | "retention">,
  maintenance: Maintenance,
): Feature {
  const { settings, tz } = maintenance;
  if (!settings[kind].enabled) return { state: "off", reason: "Switched off." };
  if (kind === "forget" && retention.state === "off")
    return {
      state: "off",
      reason:
        "No source group has a retention policy, so every snapshot is kept.",
    };
  if (kind !== "check" && !admin.set)
    return {
      state: "incomplete",
      reason: "Needs an admin credential, which may delete.",
    };
  if (runnersOf(maintenance).length === 0)
    return {
      state: "incomplete",
      reason:
        settings.runner_host_id === null
          ? "No host can do it."
          : "The host chosen for it is no longer here.",
    };
  const { last, skipped } = upkeepOf(kind, maintenance);
  if (skipped !== null)
    return {
      state: "failing",
      reason: `Left out ${timeIn(tz, Date.parse(skipped.at), "dateTime")}: ${skipTexts[skipped.reason]}.`,
    };
  if (last?.state === "failed" || last?.state === "lost")
    return {
      state: "failing",
      reason: `The last one ${last.state === "lost" ? "was lost" : "failed"}.`,
    };
  if (kind === "forget" && retention.state === "not_enforced")
    return {
      state: "failing",
      reason: `Not enforced: ${notEnforcedTexts[retention.reason ?? "forget_overdue"]}`,
    };
  return isOn;
}

export function upkeepOf(
  kind: UpkeepKind,
  { upkeep }: Maintenance,
): Maintenance["upkeep"][number] {
  return (
    upkeep.find((other) => other.kind === kind) ?? {
      kind,
      next_at: null,
      last: null,
      skipped: null,
    }
  );
}

/** Why this upkeep cannot be started now; empty when it can. */
export function startRefusal(
  kind: UpkeepKind | "unlock",
  { admin, retention }: Pick<Repository, "admin" | "retention">,
  maintenance: Maintenance,
): string {
  if ((kind === "forget" || kind === "prune") && !admin.set)
    return "Set an admin credential first";
  if (kind === "forget" && retention.state === "off")
    return "No source group has a retention policy";
  const chosen = runnersOf(maintenance);
  if (chosen.some(({ online }) => online)) return "";
  return chosen.length === 1
    ? `${chosen[0]!.name} is offline`
    : "No host that could do it is online";
}

/** Hosts that may do it as the settings are. */
function runnersOf({
  runners,
  settings: { runner_host_id: chosen },
}: Maintenance): Maintenance["runners"] {
  return runners.filter(({ id, uses_repository }) =>
    chosen === null ? uses_repository : id === chosen,
  );
}
