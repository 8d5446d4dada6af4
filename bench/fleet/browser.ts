import type { Api } from "../../install/e2e/rig/api.ts";
import type { Lab } from "../../install/e2e/rig/lab.ts";
import type { LogLine } from "@restic-manager/shared/domain/job.ts";

interface Frame {
  readonly f: string;
  readonly e?: { readonly type: string; readonly lines?: readonly LogLine[] };
}

/** Watches a job's log as the dashboard does; resolves once the server has agreed. */
export function hearLines(
  lab: Lab,
  { url, api, jobId }: { url: string; api: Api; jobId: string },
  hear: (line: LogLine) => void,
): Promise<void> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/live`, {
    headers: { ...api.headers, origin: url },
  } as unknown as string[]);
  lab.defer(() => socket.close());
  return new Promise((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("no live stream")));
    socket.addEventListener("message", ({ data }) => {
      const { f, e } = JSON.parse(String(data)) as Frame;
      if (f === "hello")
        socket.send(JSON.stringify({ op: "sub", topic: `job:${jobId}` }));
      if (f === "sub") resolve();
      if (e?.type === "job.log") for (const line of e.lines ?? []) hear(line);
    });
  });
}
