import { createSwarm, type Swarm } from "./swarm.ts";

/* A swarm in a process of its own: questions come, and answers go, over the channel to its parent. */

export interface Question {
  readonly id: number;
  readonly ask: keyof Swarm;
  readonly of: unknown;
}

export interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

const swarm = createSwarm();

async function answer({ id, ask, of }: Question): Promise<Answer> {
  try {
    const method = swarm[ask] as (of: unknown) => Promise<unknown>;
    return { id, answer: await method(of) };
  } catch (error) {
    return { id, error: String(error) };
  }
}

process.on("message", (question: Question) => {
  void answer(question).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => process.exit());
