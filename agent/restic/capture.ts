import type { ResticEnd } from "./exit-codes.ts";
import type { ResticCall, ResticRunner } from "./run.ts";

export interface Captured {
  readonly end: ResticEnd;
  /** All of stdout. */
  readonly stdout: string;
}

/** Runs restic for its answer. */
export async function capture(
  runner: ResticRunner,
  call: ResticCall,
): Promise<Captured> {
  const lines: string[] = [];
  const end = await runner.run({
    ...call,
    onMessage(message, stream, line) {
      if (stream === "stdout") lines.push(line);
      call.onMessage?.(message, stream, line);
    },
  });
  return { end, stdout: lines.join("\n") };
}

export function succeeded(end: ResticEnd): boolean {
  return end.exit.code === 0;
}
