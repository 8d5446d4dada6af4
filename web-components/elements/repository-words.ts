import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type { RepoStatus } from "@restic-manager/shared/domain/repo.ts";
import type { TemplateResult } from "lit";
import { pill, type State } from "./status.ts";

const repositoryStates: Readonly<Record<RepoStatus, State>> = {
  unknown: { word: "Not used yet", tone: "off", shape: "dashes" },
  ready: { word: "Ready", tone: "ok", shape: "disc" },
  unreachable: { word: "Unreachable", tone: "bad", shape: "cross" },
  init_failed: { word: "Not initialised", tone: "bad", shape: "cross" },
};

export function repositoryPill({ status }: Repository): TemplateResult {
  return pill(repositoryStates[status]);
}
