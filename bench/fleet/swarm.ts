import { line, type SimulatedAgent, startAgent } from "./agent.ts";
import type { Member } from "./seed.ts";

/** What can be asked of the agents of one process; everything that goes in and out is JSON. */
export interface Swarm {
  /** Starts them, `perSecond` at a time. */
  start(ask: {
    url: string;
    members: readonly Member[];
    perSecond: number;
  }): Promise<void>;
  /** How many the server has greeted since an instant and are connected, and when it greeted the last of them. */
  greeted(ask: { since: number }): Promise<{ count: number; last: number }>;
  /** When the connection of a host ended, 0 while it stands. */
  closed(ask: { hostId: string }): Promise<number>;
  /** Each of `jobs` gets log lines as fast as they are taken, `lines` at a time, until `ms` have passed. */
  pour(ask: {
    jobs: readonly { hostId: string; jobId: string }[];
    lines: number;
    ms: number;
  }): Promise<{ lines: number }>;
  /** The lines numbered `from` to `to`, one every `everyMs` or so; each says when it was sent. */
  drip(ask: {
    hostId: string;
    jobId: string;
    from: number;
    to: number;
    everyMs: number;
  }): Promise<void>;
  stop(): Promise<void>;
}

/** Batches of one job on their way at once, far below the 64 of the product's outbox. */
const window = 8;
/** As long as what restic says of a file. */
const filler =
  "new       /home/somebody/projects/website/assets/pictures/2026/summer, saved in 0.003s (1.2 MiB added)";

export function createSwarm(): Swarm {
  const agents = new Map<string, SimulatedAgent>();

  function agentOf(hostId: string): SimulatedAgent {
    const agent = agents.get(hostId);
    if (agent === undefined) throw new Error(`no agent of ${hostId} is here`);
    return agent;
  }

  async function pourInto(
    { hostId, jobId }: { hostId: string; jobId: string },
    size: number,
    until: number,
  ): Promise<number> {
    const agent = agentOf(hostId);
    let n = 0;
    async function lane(): Promise<void> {
      while (Date.now() < until) {
        const first = n + 1;
        n += size;
        await agent.log(
          jobId,
          Array.from({ length: size }, (_, i) =>
            line(first + i, `${filler} ${first + i}`),
          ),
        );
      }
    }
    await Promise.all(Array.from({ length: window }, lane));
    return n;
  }

  return {
    async start({ url, members, perSecond }) {
      const startedAt = Date.now();
      for (const [index, member] of members.entries()) {
        agents.set(member.hostId, startAgent(url, member));
        const early = startedAt + (index / perSecond) * 1000 - Date.now();
        if (early > 20) await Bun.sleep(early);
      }
    },
    async greeted({ since }) {
      const times = [...agents.values()]
        .filter((agent) => agent.connected() && agent.greetedAt() > since)
        .map((agent) => agent.greetedAt());
      return { count: times.length, last: Math.max(0, ...times) };
    },
    async closed({ hostId }) {
      const agent = agentOf(hostId);
      return agent.connected() ? 0 : agent.closedAt();
    },
    async pour({ jobs, lines, ms }) {
      const until = Date.now() + ms;
      const counts = await Promise.all(
        jobs.map((job) => pourInto(job, lines, until)),
      );
      return { lines: counts.reduce((sum, count) => sum + count, 0) };
    },
    async drip({ hostId, jobId, from, to, everyMs }) {
      for (let n = from; n <= to; n += 1) {
        await agentOf(hostId).log(jobId, [line(n, String(Date.now()))]);
        await Bun.sleep(everyMs * (0.5 + Math.random()));
      }
    },
    async stop() {
      await Promise.all([...agents.values()].map((agent) => agent.stop()));
    },
  };
}
