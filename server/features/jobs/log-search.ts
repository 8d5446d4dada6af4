import { setImmediate } from "node:timers/promises";
import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import type { Db } from "../../ports/db.ts";
import { lastLine, readLines } from "./log-store.ts";

/** Lines looked through at once: a log may have a million, and nobody else is served meanwhile. */
const linesPerLook = 20_000;

/** Up to `limit` lines of a job numbered above `after` that contain `text`, letter case ignored, or are issues, in order. */
export async function findLines(
  db: Db,
  jobId: string,
  { text, issues }: { text?: string | undefined; issues?: boolean | undefined },
  { after, limit }: { after: number; limit: number },
): Promise<LogLine[]> {
  if (text === undefined && issues !== true)
    return readLines(db, jobId, after, limit);
  const glob = text === undefined ? undefined : containing(text);
  const found: LogLine[] = [];
  const end = await lastLine(db, jobId);
  for (let from = after; from < end; from += linesPerLook) {
    const filter = { glob, issues, upTo: from + linesPerLook };
    const left = limit - found.length;
    found.push(...(await readLines(db, jobId, from, left, filter)));
    if (found.length >= limit) break;
    // The store answers without ever waiting, so a loop over it would hold up everything else.
    await setImmediate();
  }
  return found;
}

/** A GLOB that finds the text in either case of every letter: LIKE and lower() know those of ASCII only. */
function containing(text: string): string {
  return `*${Array.from(text, either).join("")}*`;
}

function either(letter: string): string {
  if ("*?[".includes(letter)) return `[${letter}]`;
  const cases = [letter.toLowerCase(), letter.toUpperCase()];
  const [lower, upper] = cases;
  const isPair = lower !== upper && cases.every((c) => [...c].length === 1);
  return isPair ? `[${lower}${upper}]` : letter;
}
