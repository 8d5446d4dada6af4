import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Member } from "./seed.ts";
import type { Swarm } from "./swarm.ts";
import type { Answer, Question } from "./worker.ts";

/** The same swarm, spread over processes so that its own work does not hold up what it measures. */
export interface Workers extends Swarm {
  end(): void;
}

export function startWorkers(count: number): Workers {
  const workers = Array.from({ length: count }, startWorker);
  let homes = new Map<string, ReturnType<typeof startWorker>>();

  function homeOf(hostId: string) {
    const home = homes.get(hostId);
    if (home === undefined) throw new Error(`no agent of ${hostId}`);
    return home;
  }

  return {
    async start({ members, perSecond, url }) {
      const share = (index: number) =>
        members.filter((_, i) => i % count === index);
      homes = new Map(
        members.map((member: Member, i) => [
          member.hostId,
          workers[i % count] ?? startWorker(),
        ]),
      );
      await Promise.all(
        workers.map((worker, index) =>
          worker.ask("start", {
            url,
            members: share(index),
            perSecond: perSecond / count,
          }),
        ),
      );
    },
    async greeted(of) {
      const all = await Promise.all(
        workers.map((worker) => worker.ask("greeted", of)),
      );
      return {
        count: all.reduce((sum, { count: here }) => sum + here, 0),
        last: Math.max(...all.map(({ last }) => last)),
      };
    },
    closed: (of) => homeOf(of.hostId).ask("closed", of),
    async pour({ jobs, ...how }) {
      const byHome = Map.groupBy(jobs, ({ hostId }) => homeOf(hostId));
      const poured = await Promise.all(
        [...byHome].map(([worker, own]) =>
          worker.ask("pour", { ...how, jobs: own }),
        ),
      );
      return { lines: poured.reduce((sum, { lines }) => sum + lines, 0) };
    },
    drip: (of) => homeOf(of.hostId).ask("drip", of),
    async stop() {
      await Promise.all(workers.map((worker) => worker.ask("stop", undefined)));
    },
    end() {
      for (const worker of workers) worker.end();
    },
  };
}

function startWorker() {
  const child = spawn(process.execPath, [join(import.meta.dir, "worker.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  child.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return {
    ask<K extends keyof Swarm>(
      ask: K,
      of: Parameters<Swarm[K]>[0],
    ): ReturnType<Swarm[K]> {
      const id = ++last;
      const asked = new Promise<unknown>((resolve, reject) => {
        waiting.set(id, ({ answer, error }) =>
          error === undefined ? resolve(answer) : reject(new Error(error)),
        );
        child.send({ id, ask, of } satisfies Question);
      });
      return asked as ReturnType<Swarm[K]>;
    },
    end: () => void child.kill("SIGKILL"),
  };
}
