import type { Clock } from "@restic-manager/shared/clock.ts";
import {
  maxLogLine,
  type JobProgress,
  type LogLine,
} from "@restic-manager/shared/domain/job.ts";
import { createAllowance, type Allowance, type Rate } from "../../allowance.ts";

/*
 * What a host may make the server keep. All of it lies far above what a busy agent reports in weeks without a server, and
 * far below what fills a disk within a day: it binds nobody but a host that was taken over.
 */

/** Jobs that the server did not start: a schedule of every minute for two weeks at once. */
const jobRate: Rate = { burst: 20_000, perSecond: 0.25 };
/** Characters of logs. */
const logRate: Rate = { burst: 2_000_000_000, perSecond: 100_000 };
/** Lines of one job: a verbose backup of as many files. */
export const mostLines = 1_000_000;

const longestTime = 40;
const longestError = 4000;
const longestCommand = 16_000;
const longestPath = 1024;

export const cutError = (text: string) => text.slice(0, longestError);
export const cutCommand = (text: string) => text.slice(0, longestCommand);

/** How much of each host is kept. */
export interface JobLimits {
  /** Whether one more job of the host may be made for its report. */
  takesJob(hostId: string): boolean;
  /** The lines of a job as they are kept; when there are too many, the first of what is left out says so. */
  kept(
    hostId: string,
    jobId: string,
    lines: readonly LogLine[],
  ): readonly LogLine[];
}

export function createJobLimits(clock: Clock): JobLimits {
  const jobs = new Map<string, Allowance>();
  const logs = new Map<string, Allowance>();
  /** The job of each host whose log was last cut short. */
  const told = new Map<string, string>();

  function of(all: Map<string, Allowance>, hostId: string, rate: Rate) {
    const own = all.get(hostId) ?? createAllowance(clock, rate);
    all.set(hostId, own);
    return own;
  }

  return {
    takesJob: (hostId) => of(jobs, hostId, jobRate).take(),
    kept(hostId, jobId, lines) {
      const size = lines.reduce((sum, { l }) => sum + l.length, 0);
      if (!of(logs, hostId, logRate).take(size)) {
        if (told.get(hostId) === jobId) return [];
        told.set(hostId, jobId);
        return lines.slice(0, 1).map(leftOut);
      }
      // Nearly always nothing is to be done, and this runs for every line of every log.
      if (lines.every(isWithin)) return lines;
      return lines
        .filter(({ n }) => n <= mostLines)
        .map((line) => (line.n === mostLines ? leftOut(line) : cut(line)));
    },
  };
}

/** The line where a log ends early, instead of what stood there. */
function leftOut({ n, t }: LogLine): LogLine {
  const l =
    n >= mostLines
      ? `The log is longer than ${mostLines.toLocaleString("en")} lines; the rest was not kept.`
      : "This host sends more log than the server keeps; what follows here was not kept.";
  return { n, t, s: "system", l, k: "warning" };
}

function isWithin({ n, t, l }: LogLine): boolean {
  return n < mostLines && t.length <= longestTime && l.length <= maxLogLine;
}

function cut(line: LogLine): LogLine {
  const t = line.t.slice(0, longestTime);
  return { ...line, t, l: line.l.slice(0, maxLogLine) };
}

export function cutProgress(progress: JobProgress): JobProgress {
  const current_files = progress.current_files.map((file) =>
    file.slice(0, longestPath),
  );
  return { ...progress, current_files };
}
