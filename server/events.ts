import type {
  JobProgress,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";

/**
 * What happened, told to the rest of the process after it was stored. Events name things; whoever needs more reads
 * the store. Closed list.
 */
export type DomainEvent =
  /** A row of the fleet changed: presence, facts, name, last job. */
  | { readonly type: "host.changed"; readonly hostId: string }
  /** The host and everything about it are gone for good. */
  | { readonly type: "host.removed"; readonly hostId: string }
  /** The agent's own configuration, or what it applied of it, changed. */
  | { readonly type: "host.configured"; readonly hostId: string }
  /** The agent runs by an older configuration than the store holds: it should be told to fetch. */
  | { readonly type: "host.outdated"; readonly hostId: string }
  /** A host announced itself, was decided about, or its announcement expired. */
  | { readonly type: "pending.changed" }
  | {
      readonly type: "repository.changed";
      readonly repositoryId: string;
    }
  | {
      readonly type: "snapshots.changed";
      readonly repositoryId: string;
    }
  | { readonly type: "alert.changed"; readonly alertId: string }
  /** A notification channel, or what is known of its deliveries, changed. */
  | { readonly type: "channels.changed" }
  | {
      readonly type: "job.changed";
      readonly jobId: string;
      readonly hostId: string;
    }
  | {
      readonly type: "job.progress";
      readonly jobId: string;
      readonly progress: JobProgress;
    }
  | {
      readonly type: "job.log";
      readonly jobId: string;
      readonly lines: readonly LogLine[];
    }
  /** What this session holds open must close. */
  | { readonly type: "session.ended"; readonly sessionId: string };

export interface Events {
  /** Calls every listener in turn, at once. What a listener throws is logged and stops nobody else. */
  emit(event: DomainEvent): void;
  /** Returns a function that stops listening. */
  on(listener: (event: DomainEvent) => void): () => void;
}

export function createEvents(log: Log): Events {
  const listeners = new Set<(event: DomainEvent) => void>();
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          log.error("A listener failed", { kind: event.type, error });
        }
      }
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
