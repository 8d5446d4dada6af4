import type { RepositoryPatch } from "@restic-manager/shared/api/repos.ts";

/** A person changes what opens a repository. */
export class RepositoryEvent extends Event {
  static readonly type = "rm-repository";
  readonly repositoryId: string;
  readonly patch: RepositoryPatch;

  constructor(repositoryId: string, patch: RepositoryPatch) {
    super(RepositoryEvent.type);
    this.repositoryId = repositoryId;
    this.patch = patch;
  }
}

declare global {
  interface GlobalEventHandlersEventMap {
    "rm-repository": RepositoryEvent;
  }
}
