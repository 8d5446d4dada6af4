import type { Cancel } from "@restic-manager/shared/clock.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";

/**
 * For what goes on after its request was let in. Calls `end` once the session may no longer do what `permission` names:
 * at once when it ends in this process, and within a minute when it ran out, or when somebody changed it, or its user,
 * on the server's command line. It may be called more than once; the returned function ends the watch.
 */
export type WatchSession = (
  sessionId: string,
  permission: Permission,
  end: () => void,
) => Cancel;
