import type { LiveTopic } from "@restic-manager/shared/api/live.ts";
import { ulidText } from "@restic-manager/shared/domain/ids.ts";

/** The topic of a name, or null when there can be none. */
export function parseTopic(name: string): LiveTopic | null {
  if (name === "fleet") return name;
  const [kind, id] = name.split(":");
  return kind === "job" &&
    ulidText.safeParse(id).success &&
    name === `job:${id}`
    ? `job:${id}`
    : null;
}
