import { z } from "zod";
import { failureCodes } from "../domain/failure.ts";
import { hostId, timestamp } from "../domain/ids.ts";

/*
 * Files of a snapshot on their way from an agent to whoever downloads them: a WebSocket at `GET /api/agents/stream` that the
 * agent dials because of `cmd.dump.start`, one per download. The agent's first message is a `streamOpen`, signed as
 * `rm-stream-v1`. Then it sends what restic writes as binary messages, never more bytes than the server has granted in
 * all, and at the end a `streamEnd`; the server closes. Without a `streamEnd` that says `done` the download is cut: what
 * was sent is never taken for whole. The server ends a download that nobody wants any more by closing.
 */

/** The first message, as the text of a `signedText`. */
export const streamOpen = z.object({
  v: z.literal(1),
  host: hostId,
  /** Of the command: of this stream alone, and used once. */
  token: z.string(),
  t: timestamp,
});
export type StreamOpen = z.infer<typeof streamOpen>;

/** From the server: how many more bytes the agent may send than were granted before. */
export const streamGrant = z.object({ grant: z.number().int().positive() });
export type StreamGrant = z.infer<typeof streamGrant>;

/** From the agent, its last message. A failure before the first byte is told to the person who asked. */
export const streamEnd = z.discriminatedUnion("done", [
  z.object({ done: z.literal(true), bytes: z.number().int().nonnegative() }),
  z.object({
    done: z.literal(false),
    code: z.enum(failureCodes),
    message: z.string(),
  }),
]);
export type StreamEnd = z.infer<typeof streamEnd>;

/** Largest binary message in bytes. */
export const maxStreamPiece = 256 * 1024;
/** Bytes granted and not yet taken by whoever downloads, at most. */
export const streamWindow = 4 * 1024 * 1024;
