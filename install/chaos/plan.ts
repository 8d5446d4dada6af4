import { createDice, type Dice } from "./random.ts";

const faults = [
  "kill",
  "stop",
  "kill-broker",
  "kill-restic",
  "cut",
  "reset",
  "fill-disk",
  "set-clock",
  "copy-database",
  "put-back",
] as const;
export type Fault = (typeof faults)[number];

/** One thing that goes wrong, and how long it stays wrong. */
export interface Act {
  readonly fault: Fault;
  /** Name of a host. */
  readonly on: string;
  /** Milliseconds after the start of the run. */
  readonly at: number;
  /** Milliseconds until it is put right; 0 when there is nothing to put right. */
  readonly lasts: number;
  /** Seconds by which a clock is set wrong. */
  readonly seconds: number;
}

export interface Wish {
  readonly seed: number;
  readonly ms: number;
  readonly agents: readonly string[];
  /** Only this host suffers; null for all. */
  readonly only: string | null;
  /** Exactly so many kills and nothing else; null for a mixture. */
  readonly kills: number | null;
}

export const serverHost = "server";
export const storeHost = "store";

/** How often a fault is chosen, who can suffer it, and how long it lasts in milliseconds. */
const kinds: Record<
  Fault,
  {
    readonly weight: number;
    readonly who: readonly ("server" | "store" | "agent")[];
    readonly lasts: readonly [number, number];
  }
> = {
  kill: { weight: 6, who: ["server", "agent"], lasts: [100, 4000] },
  stop: { weight: 2, who: ["server", "agent"], lasts: [100, 2000] },
  "kill-broker": { weight: 3, who: ["server"], lasts: [0, 0] },
  "kill-restic": { weight: 3, who: ["agent"], lasts: [0, 0] },
  cut: { weight: 4, who: ["server", "store", "agent"], lasts: [1000, 8000] },
  reset: { weight: 4, who: ["server", "store", "agent"], lasts: [0, 0] },
  "fill-disk": { weight: 2, who: ["server", "agent"], lasts: [2000, 6000] },
  "set-clock": { weight: 2, who: ["server", "agent"], lasts: [4000, 12_000] },
  // Once in a run each, in this order; see below.
  "copy-database": { weight: 0, who: ["server"], lasts: [0, 0] },
  "put-back": { weight: 0, who: ["server"], lasts: [200, 2000] },
};

const pause: readonly [number, number] = [300, 3000];

/** What goes wrong and when; the same for the same wish. A host suffers each kind of fault once at a time. */
export function makePlan(wish: Wish): Act[] {
  const dice = createDice(wish.seed);
  return wish.kills === null ? mixture(wish, dice) : kills(wish, dice);
}

function mixture({ ms, agents, only }: Wish, dice: Dice): Act[] {
  const hosts = { server: [serverHost], store: [storeHost], agent: agents };
  const choices = faults.flatMap((fault) =>
    kinds[fault].who.flatMap((who) => {
      const names = hosts[who].filter((name) => only === null || only === name);
      return names.length === 0
        ? []
        : Array.from({ length: kinds[fault].weight }, () => ({ fault, names }));
    }),
  );
  const acts: Act[] = [];
  for (let at = dice.between(...pause); at < ms; at += dice.between(...pause)) {
    const { fault, names } = dice.pick(choices);
    const act = actOf(dice, fault, dice.pick(names), at);
    if (!acts.some((other) => collides(other, act))) acts.push(act);
  }
  if (only !== null && only !== serverHost) return acts;
  const copy = actOf(dice, "copy-database", serverHost, ms * 0.2);
  const back = actOf(dice, "put-back", serverHost, ms * 0.7);
  return [
    ...acts.filter((act) => !collides(act, copy) && !collides(act, back)),
    copy,
    back,
  ].toSorted((a, b) => a.at - b.at);
}

function kills({ ms, agents, only, kills: count }: Wish, dice: Dice): Act[] {
  const names = only === null ? [serverHost, ...agents] : [only];
  const step = ms / (count ?? 1);
  return Array.from({ length: count ?? 0 }, (_, index) => ({
    ...actOf(dice, "kill", dice.pick(names), index * step),
    lasts: dice.between(0, step / 4),
  }));
}

function actOf(dice: Dice, fault: Fault, on: string, at: number): Act {
  const far = on === serverHost ? 600 : 7200;
  return {
    fault,
    on,
    at: Math.round(at),
    lasts: Math.round(dice.between(...kinds[fault].lasts)),
    seconds: fault === "set-clock" ? Math.round(dice.between(-far, far)) : 0,
  };
}

/** What ends a program, or replaces its files, is not done to one that is being ended. */
const endings: readonly Fault[] = ["kill", "stop", "copy-database", "put-back"];

function collides(a: Act, b: Act): boolean {
  const alike =
    a.fault === b.fault ||
    (endings.includes(a.fault) && endings.includes(b.fault));
  // A second to come back in.
  const apart = a.at + a.lasts + 1000 < b.at || b.at + b.lasts + 1000 < a.at;
  return a.on === b.on && alike && !apart;
}

export function describe({ fault, on, at, lasts, seconds }: Act): string {
  const until = lasts === 0 ? "" : ` for ${(lasts / 1000).toFixed(1)} s`;
  const by = seconds === 0 ? "" : ` by ${seconds} s`;
  return `${(at / 1000).toFixed(1).padStart(7)} s  ${fault} ${on}${by}${until}`;
}
