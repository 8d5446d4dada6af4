import {
  sealContext,
  type AgreementKey,
} from "@restic-manager/shared/identity/seal.ts";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  dumpSecret,
  dumpStart,
  type DumpSecret,
} from "@restic-manager/shared/protocol/command.ts";
import type {
  StreamEnd,
  StreamOpen,
} from "@restic-manager/shared/protocol/stream.ts";
import { payloadOf, type CommandHandler } from "./dispatch.ts";
import { openBox } from "./sealed-box.ts";
import { failureFrom } from "../failure-error.ts";
import type { ServerTime } from "../link/server-time.ts";
import type { ResticRunner } from "../restic/run.ts";
import { dump } from "../dump/dump.ts";
import {
  openFileStream,
  type FileStream,
  type FileStreamDeps,
} from "../dump/file-stream.ts";

export interface DumpDeps extends FileStreamDeps {
  readonly hostId: string;
  readonly agreement: AgreementKey;
  readonly sign: Sign;
  readonly time: Pick<ServerTime, "stamp">;
  readonly runner: ResticRunner;
  readonly log: Log;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

const limits = { stallMs: 10 * 60_000, limitMs: 24 * 3_600_000 };

/** Streams files of a snapshot to the server, beside whatever job runs. Answered when the stream is open. */
export function createDumpStart(deps: DumpDeps): CommandHandler {
  return async (payload, { id }) => {
    const { box } = payloadOf(dumpStart, payload);
    const context = sealContext(deps.hostId, "dump", id);
    const secret = openBox(box, deps.agreement, context, dumpSecret);
    const opening: StreamOpen = {
      v: 1,
      host: deps.hostId,
      token: secret.token,
      t: deps.time.stamp(),
    };
    const signed = signText("rm-stream-v1", opening, deps.sign);
    const stream = await openFileStream(deps, signed);
    void send(deps, secret, stream);
    return {};
  };
}

async function send(
  { runner, log, stopping }: DumpDeps,
  secret: DumpSecret,
  stream: FileStream,
): Promise<void> {
  let bytes = 0;
  let end: StreamEnd;
  try {
    await dump({
      runner,
      secret,
      limits,
      signal: AbortSignal.any([stopping, stream.gone]),
      take(piece) {
        bytes += piece.length;
        return stream.send(piece);
      },
    });
    end = { done: true, bytes };
    log.info("Files were downloaded", { bytes });
  } catch (error) {
    const { code, message } = failureFrom(error);
    end = { done: false, code, message };
    if (stream.gone.aborted) log.info("A download was given up", { bytes });
    else log.warn("A download failed", { bytes, code, reason: message });
  }
  await stream.finish(end);
}
