import { z } from "zod";
import type { downloadQuery } from "@restic-manager/shared/api/restores.ts";
import type { DumpSecret } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type {
  AgentStreams,
  ExpectedStream,
} from "../../ports/agent-streams.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Actor, RequestInfo } from "../../ports/route.ts";
import type { WatchSession } from "../../ports/session-watch.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { CredentialReader } from "../repos/access.ts";
import type { RepositoryAccess } from "../repos/admin-access.ts";
import { attachment } from "./attachment.ts";
import { tidyPaths, wrong } from "./paths.ts";
import { find, noAccess } from "./plan.ts";
import type { LookUp, Source } from "./plan.ts";
import type { SealTo } from "./sealed-command.ts";
import * as store from "./store.ts";

/** Streams files of a snapshot through an agent. Nothing of them is kept anywhere on the way. */
export type Download = (
  source: Source,
  query: z.output<typeof downloadQuery>,
  who: {
    readonly actor: Actor;
    readonly by: Initiator;
    readonly request: Pick<RequestInfo, "signal">;
  },
) => Promise<Response>;

/** The agent's answer says that it has begun; opening the repository comes after it. */
const answerMs = 30_000;
const mostOfHost = 2;
const mostInAll = 16;

const types = {
  raw: "application/octet-stream",
  tar: "application/x-tar",
  zip: "application/zip",
} as const;

interface Plan {
  readonly snapshot: store.SnapshotRecord;
  readonly host: store.HostRecord;
  readonly access: RepositoryAccess;
}

export function createDownload(deps: {
  tx: Transaction;
  access: CredentialReader;
  lookUp: LookUp;
  /** Hosts that may open a repository which they need not use. */
  runnersOf: (
    trx: Trx,
    repositoryId: string,
  ) => Promise<readonly { readonly id: string }[]>;
  presence: { isOnline(hostId: string): boolean };
  streams: AgentStreams;
  commands: AgentCommands;
  seal: SealTo;
  audit: Audit;
  watchSession: WatchSession;
}): Download {
  const { tx, presence } = deps;
  /** How many downloads each host streams. */
  const running = new Map<string, number>();

  async function choose(
    trx: Trx,
    { repositoryId }: Source,
    { hostId }: store.SnapshotRecord,
    wantedId: string | undefined,
  ): Promise<string> {
    const users = await store.usersOf(trx, repositoryId, hostId);
    const runners = await deps.runnersOf(trx, repositoryId);
    const all = [...users, ...runners.map(({ id }) => id)];
    if (wantedId !== undefined && !all.includes(wantedId))
      throw wrong("host_id", "This host does not use the repository.");
    const there = all.filter(
      (id) =>
        (id === wantedId || wantedId === undefined) && presence.isOnline(id),
    );
    const [first] = there;
    if (first === undefined) throw new AppError("host_offline");
    return there.find((id) => (running.get(id) ?? 0) < mostOfHost) ?? first;
  }

  async function plan(
    trx: Trx,
    source: Source,
    wantedId: string | undefined,
  ): Promise<Plan> {
    const { repositoryId, snapshotId } = source;
    const snapshot = await store.findSnapshot(trx, repositoryId, snapshotId);
    if (snapshot === null) throw new AppError("repository_not_found");
    if (snapshot === "forgotten") throw new AppError("snapshot_not_found");
    const hostId = await choose(trx, source, snapshot, wantedId);
    const host = await store.findHost(trx, hostId, repositoryId);
    const access = await deps.access.own(trx, repositoryId, hostId);
    if (host === null) throw new AppError("host_not_found");
    if (access === null)
      throw new AppError("restore_refused", { message: noAccess });
    return { snapshot, host, access };
  }

  /** Where the index knows better than to let an agent try; of a single path it says what that is, so that none must look. */
  async function checkKind(
    source: Source,
    paths: readonly string[],
    format: DumpSecret["format"],
  ): Promise<Pick<DumpSecret, "kind">> {
    const entries = await find(source, paths, deps.lookUp);
    if (format === "raw" && entries?.some(({ t }) => t !== "file"))
      throw wrong("format", "Only a file can come as it is; use tar or zip.");
    const kind = entries?.length === 1 ? entries[0]?.t : undefined;
    return kind === "file" || kind === "dir" ? { kind } : {};
  }

  /** Takes a place for as long as the stream lasts. */
  function expect(hostId: string): ExpectedStream {
    const own = running.get(hostId) ?? 0;
    const all = [...running.values()].reduce((sum, count) => sum + count, 0);
    if (own >= mostOfHost || all >= mostInAll)
      throw new AppError("downloads_full");
    running.set(hostId, own + 1);
    const stream = deps.streams.expect(hostId);
    void stream.ended.then(() => {
      const left = (running.get(hostId) ?? 1) - 1;
      if (left > 0) running.set(hostId, left);
      else running.delete(hostId);
    });
    return stream;
  }

  async function begin(
    { host, access }: Plan,
    stream: ExpectedStream,
    wanted: Omit<DumpSecret, "url" | "credential" | "token">,
  ): Promise<ReadableStream<Uint8Array>> {
    const secret: DumpSecret = { ...access, ...wanted, token: stream.token };
    const answer = await deps.commands.send(
      host.id,
      "dump.start",
      (id) => ({ box: deps.seal(host, "dump", id, secret) }),
      z.unknown(),
      answerMs,
    );
    if (!answer.ok)
      throw new AppError("download_failed", {
        message: answer.message,
        agentCode: answer.code,
      });
    return stream.body;
  }

  /** Ends it when the browser leaves, or the person may not have it any more. */
  function watch(
    stream: ExpectedStream,
    { sessionId }: Actor,
    signal: AbortSignal,
  ): void {
    const stopWatching = deps.watchSession(
      sessionId,
      "restore.download",
      stream.cancel,
    );
    signal.addEventListener("abort", stream.cancel);
    void stream.ended.then(() => {
      stopWatching();
      signal.removeEventListener("abort", stream.cancel);
    });
  }

  return async (source, query, { actor, by, request }) => {
    const { format } = query;
    const paths = tidyPaths([query.path].flat());
    checkFormat(paths, format);
    const planned = await tx.run((trx) => plan(trx, source, query.host_id));
    const known = await checkKind(source, paths, format);
    const { host, snapshot } = planned;
    const stream = expect(host.id);
    try {
      watch(stream, actor, request.signal);
      const body = await begin(planned, stream, {
        snapshot_id: snapshot.id,
        paths,
        format,
        ...known,
      });
      await tx.run((trx) =>
        deps.audit.record(trx, by, {
          action: "snapshot.download",
          target: { kind: "repository", id: source.repositoryId },
          payload: {
            snapshot_id: snapshot.id,
            host_id: host.id,
            paths: paths.slice(0, 20),
            paths_count: paths.length,
            format,
          },
        }),
      );
      return new Response(body, {
        headers: {
          "content-type": types[format],
          "content-disposition": nameOf(paths, format, snapshot),
          "cache-control": "no-store",
        },
      });
    } catch (error) {
      stream.cancel();
      throw error;
    }
  };
}

function checkFormat(
  paths: readonly string[],
  format: DumpSecret["format"],
): void {
  if (paths.length > 1 && format !== "tar")
    throw wrong("format", "Several files or folders come as tar.");
  if (format === "raw" && paths[0] === "/")
    throw wrong("format", "Only a file can come as it is; use tar or zip.");
}

function nameOf(
  paths: readonly string[],
  format: DumpSecret["format"],
  { hostname, shortId }: store.SnapshotRecord,
): string {
  const [path = "/", ...others] = paths;
  const last = path.slice(path.lastIndexOf("/") + 1);
  const name =
    others.length > 0 || last === "" ? `${hostname}-${shortId}` : last;
  return attachment(name, format === "raw" ? "" : `.${format}`);
}
