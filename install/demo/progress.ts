import type { Api } from "../e2e/rig/api.ts";
import type { Job } from "../e2e/rig/types.ts";
import { say } from "../lib/step.ts";

/** What a running job says of itself; see `jobProgress` in shared/domain/job.ts. */
type Progress = {
  readonly phase: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly bytes_done: number;
  readonly bytes_total: number;
  readonly current_files: readonly string[];
};

type RunningJob = Job & { readonly progress: Progress | null };

const unfinished = new Set(["queued", "sent", "running"]);

const bar = (share: number): string => {
  const filled = Math.round(share * 24);
  return "█".repeat(filled) + "░".repeat(24 - filled);
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const line = ({ state, progress }: RunningJob): string => {
  if (progress === null) return `  ${state} ...`;
  const { percent, bytes_done, bytes_total, current_files } = progress;
  const share = `${percent.toFixed(0).padStart(3)} %`;
  const bytes = `${megabytes(bytes_done)} of ${megabytes(bytes_total)}`;
  return `  ${bar(percent / 100)} ${share}  ${bytes}  ${current_files[0] ?? ""}`;
};

/** A terminal gets one line that changes, a file gets a line only when there is news. */
const createDisplay = () => {
  const { isTTY, columns } = process.stderr;
  let shown = "";
  return {
    show(text: string): void {
      if (text === shown) return;
      shown = text;
      if (isTTY) process.stderr.write(`\r\x1b[2K${text.slice(0, columns - 1)}`);
      else say(text);
    },
    end(): void {
      if (isTTY) process.stderr.write("\r\x1b[2K");
    },
  };
};

/** Follows a job in the terminal until it has ended. */
export const watchJob = async (api: Api, jobId: string): Promise<Job> => {
  const display = createDisplay();
  for (;;) {
    const job = await api.get<RunningJob>(`/api/jobs/${jobId}`);
    if (!unfinished.has(job.state)) {
      display.end();
      return job;
    }
    display.show(line(job));
    await Bun.sleep(500);
  }
};
