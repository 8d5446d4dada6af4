declare const subjectBrand: unique symbol;

/** A NATS subject. Only this file can make one, so no other file spells one. */
export type Subject = string & { readonly [subjectBrand]: true };

export const commandVerbs = [
  "ping",
  "job.start",
  "job.cancel",
  "cfg.changed",
  "repo.test",
  "key.rotate",
  "restore.check",
  "dump.start",
  "repo.key",
  "tree.index",
] as const;
export type CommandVerb = (typeof commandVerbs)[number];

export const requestOps = [
  "hello",
  "cfg.get",
  "resume",
  "renew",
  "rotate",
  "tree.have",
  "tree.put",
  "tree.done",
] as const;
export type RequestOp = (typeof requestOps)[number];

export const eventKinds = [
  "job.started",
  "job.done",
  "snap.part",
  "cfg.applied",
  "repo.stats",
  "repo.unlocked",
  "sched.missed",
  "log.gap",
] as const;
export type EventKind = (typeof eventKinds)[number];

const root = "rm.v1";

/** Subjects of one host. `hostId` is always server-made, so it can hold no wildcard or dot. */
export const topic = {
  heartbeat: (hostId: string) => subject(`${root}.${hostId}.hb`),
  command: (hostId: string, verb: CommandVerb) =>
    subject(`${root}.${hostId}.cmd.${verb}`),
  request: (hostId: string, op: RequestOp) =>
    subject(`${root}.${hostId}.req.${op}`),
  event: (hostId: string, kind: EventKind) =>
    subject(`${root}.${hostId}.evt.${kind}`),
  log: (hostId: string, jobId: string) =>
    subject(`${root}.${hostId}.log.${jobId}`),
  live: (hostId: string, jobId: string) =>
    subject(`${root}.${hostId}.live.${jobId}`),
} as const;

/** What each side listens to. */
export const pattern = {
  /** What the debug credential may listen to. */
  everything: subject(`${root}.>`),
  commands: (hostId: string) => subject(`${root}.${hostId}.cmd.>`),
  allAgents: subject(`${root}.all.>`),
  heartbeats: subject(`${root}.*.hb`),
  requests: subject(`${root}.*.req.>`),
  events: subject(`${root}.*.evt.>`),
  logs: subject(`${root}.*.log.>`),
  live: subject(`${root}.*.live.>`),
} as const;

/** The parts of a subject of this product, or null. `tail` is what follows the lane: a verb, op, kind or job id. */
export function parseSubject(
  text: string,
): { hostId: string; lane: string; tail: string } | null {
  const match = /^rm\.v1\.([^.]+)\.([^.]+)(?:\.(.+))?$/.exec(text);
  const [, hostId, lane, tail] = match ?? [];
  return hostId === undefined || lane === undefined
    ? null
    : { hostId, lane, tail: tail ?? "" };
}

function subject(text: string): Subject {
  return text as Subject;
}

/** Prefix of the reply subjects of one host; the server answers nothing else. */
export function inboxPrefix(hostId: string): string {
  return `_INBOX.${hostId}`;
}

export const serverInboxPrefix = "_INBOX.cp";

/** Largest message body in bytes on the event and log lanes. */
export const maxMessageBytes = 256 * 1024;
