import type { Alert } from "@restic-manager/shared/api/alerts.ts";
import { alertKinds } from "@restic-manager/shared/domain/alert.ts";
import type { State } from "./status.ts";

export function alertTitle({ kind }: Pick<Alert, "kind">): string {
  return alertKinds[kind].title;
}

/** How an alert stands: its severity while it holds. */
export function alertState({ state, severity }: Alert): State {
  if (state === "resolved")
    return { word: "Resolved", tone: "off", shape: "disc" };
  return severity === "critical"
    ? { word: "Critical", tone: "bad", shape: "cross" }
    : { word: "Warning", tone: "warn", shape: "triangle" };
}
