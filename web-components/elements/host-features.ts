import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type {
  Repository,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { type Feature, isOn } from "./feature-state.ts";
import { plainText } from "./plain-text.ts";
import { notEnforcedTexts } from "./upkeep-words.ts";

export interface HostFeature extends Feature {
  readonly name: string;
  /** Where a person changes it. */
  readonly href: string;
}

export interface FeatureParts {
  readonly host: HostRow;
  readonly groups: readonly SourceGroup[];
  readonly schedules: readonly Schedule[];
  readonly repositories: readonly Repository[];
}

/** What happens on a host by itself, and how it stands. */
export function hostFeatures(parts: FeatureParts): readonly HostFeature[] {
  const { host, groups, repositories } = parts;
  const tab = (id: string) => `/hosts/${host.id}?tab=${id}`;
  const several = repositories.length > 1;
  return [
    { name: "Backups", href: tab("schedules"), ...backups(parts) },
    ...repositories.flatMap((repository) => {
      const of = several ? ` of ${repository.name}` : "";
      const href = `/repositories/${repository.id}`;
      return [
        { name: `Retention${of}`, href, ...retentionFeature(repository) },
        { name: `Integrity check${of}`, href, ...check(repository) },
      ];
    }),
    // The list of source groups is for everybody; the scripts themselves are not.
    { name: "Hooks", href: tab("sources"), ...hooks(groups) },
  ];
}

function backups({ host, groups, schedules }: FeatureParts): Feature {
  const enabled = schedules.filter((schedule) => schedule.enabled);
  if (enabled.length === 0)
    return { state: "off", reason: "Only when somebody starts one." };
  const problem = enabled.find((schedule) => schedule.problem !== null);
  if (problem?.problem != null)
    return { state: "failing", reason: plainText(problem.problem) };
  if (host.health === "failed")
    return {
      state: "failing",
      reason: plainText(
        host.last_backup?.error?.message ?? "The last backup failed.",
      ),
    };
  const left = groups.find(
    ({ id }) => !enabled.some(({ group_ids }) => group_ids.includes(id)),
  );
  if (left !== undefined)
    return {
      state: "incomplete",
      reason: `No schedule runs the source group ${left.name}.`,
    };
  return enabled.some(({ applied }) => !applied)
    ? {
        state: "incomplete",
        reason: "The agent has not taken over the newest settings yet.",
      }
    : isOn;
}

function retentionFeature({
  retention: { state, reason },
}: Repository): Feature {
  if (state === "on") return isOn;
  if (state === "off")
    return { state: "off", reason: "Every snapshot is kept." };
  const isUnfinished =
    reason === "admin_credential_missing" || reason === "forget_off";
  return {
    state: isUnfinished ? "incomplete" : "failing",
    reason: `Not enforced: ${notEnforcedTexts[reason ?? "forget_overdue"]}`,
  };
}

function check({ stats }: Repository): Feature {
  if (stats.last_check_at === null)
    return { state: "incomplete", reason: "None has ended yet." };
  return stats.last_check_ok === true
    ? isOn
    : { state: "failing", reason: "The last one found errors." };
}

function hooks(groups: readonly SourceGroup[]): Feature {
  const unreadable = groups.find((group) => group.hooks.unreadable);
  if (unreadable !== undefined)
    return {
      state: "failing",
      reason: `Those of ${unreadable.name} cannot be decrypted; its backups fail until they are entered again.`,
    };
  const some = groups.some(
    ({ hooks: { pre, post } }) => pre !== "none" || post !== "none",
  );
  return some ? isOn : { state: "off", reason: "Nothing runs around backups." };
}
