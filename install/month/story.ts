import {
  day,
  hour,
  instants,
  lastSunday,
  minute,
  type Times,
} from "./calendar.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** restic's own words, as in `--keep-daily`. */
export type Keep = Readonly<
  Partial<Record<"last" | "daily" | "weekly", number>>
>;

export interface HostStory {
  readonly name: string;
  readonly times: Times;
  /** False: a laptop, whose absence is no fault. */
  readonly alwaysOn: boolean;
  readonly repository: string;
  readonly keep: Keep;
  /** Its lid is closed. */
  readonly asleep: readonly Span[];
  /** It is shut down. */
  readonly off: readonly Span[];
  /** It reaches its repository and not the server. */
  readonly cutOff: readonly Span[];
}

export const upkeepKinds = ["forget", "prune", "check"] as const;
export type UpkeepKind = (typeof upkeepKinds)[number];

/** What happens in a simulated stretch of time, and so what is to be expected of it. */
export interface Story {
  readonly from: number;
  readonly to: number;
  readonly hosts: readonly HostStory[];
  /** Name of the host that does the upkeep of every repository. */
  readonly runner: string;
  readonly upkeep: Readonly<
    Record<UpkeepKind, Times & { readonly cron: string }>
  >;
}

const berlin = "Europe/Berlin";
const newYork = "America/New_York";
const kolkata = "Asia/Kolkata";

/** 10 March to 10 April of the next year that has it all before it: broker and restic live in real time. */
export function wholeMonth(now: number): Story {
  const year = nextYear(now);
  const from = Date.UTC(year, 2, 10);
  const at = (days: number, hours = 0) => from + days * day + hours * hour;
  const always = { asleep: [], off: [], cutOff: [], alwaysOn: true };
  return {
    from,
    // Right after a forget, so that what is kept is what restic would keep.
    to: at(31, 2),
    runner: "desk",
    upkeep: upkeepAt(1),
    hosts: [
      {
        ...always,
        name: "desk",
        times: { zone: berlin, hours: [2], minute: 30 },
        repository: "shared",
        keep: { daily: 7, weekly: 3 },
      },
      {
        ...always,
        name: "laptop",
        times: { zone: newYork, hours: [12], minute: 0 },
        alwaysOn: false,
        repository: "laptop",
        keep: { last: 3, daily: 5 },
        asleep: [
          { from: at(2, 15), to: at(5, 20) },
          { from: at(12, 15), to: at(12, 19) },
          { from: at(20, 13), to: at(20, 15) },
        ],
        off: [{ from: at(15, 14), to: at(17, 20) }],
      },
      {
        ...always,
        name: "remote",
        times: { zone: kolkata, hours: [0, 12], minute: 15 },
        repository: "shared",
        keep: { daily: 5, weekly: 2 },
        cutOff: [{ from: at(8, 12), to: at(12, 12) }],
      },
    ],
  };
}

/** Four of those days, around the night in which Europe's clocks are changed. */
export function fewDays(now: number): Story {
  const sunday = lastSunday(nextYear(now), 3);
  const at = (days: number, hours = 0) => sunday + days * day + hours * hour;
  const whole = wholeMonth(now);
  const [desk, laptop, remote] = whole.hosts as [
    HostStory,
    HostStory,
    HostStory,
  ];
  return {
    ...whole,
    from: at(-1),
    to: at(3, 2),
    upkeep: upkeepAt(new Date(at(2)).getUTCDate()),
    hosts: [
      { ...desk, keep: { daily: 2 } },
      {
        ...laptop,
        keep: { last: 1 },
        asleep: [{ from: at(0, 12), to: at(1, 19) }],
        off: [],
      },
      {
        ...remote,
        times: { ...remote.times, hours: [12] },
        keep: { daily: 2 },
        cutOff: [{ from: at(-1, 12), to: at(2, 12) }],
      },
    ],
  };
}

/** Forget every night, prune on Sundays, check on one day of the month; as the product has it when nothing is changed. */
function upkeepAt(checkDay: number): Story["upkeep"] {
  const times = (hours: number) => ({
    zone: berlin,
    hours: [hours],
    minute: 0,
  });
  return {
    forget: { ...times(3), cron: "0 3 * * *" },
    prune: {
      ...times(4),
      cron: "0 4 * * 0",
      on: ({ weekday }) => weekday === 0,
    },
    check: {
      ...times(5),
      cron: `0 5 ${checkDay} * *`,
      on: ({ day: date }) => date === checkDay,
    },
  };
}

function nextYear(now: number): number {
  const year = new Date(now).getUTCFullYear();
  return Date.UTC(year, 2, 8) > now ? year : year + 1;
}

/** The cron text of times that are every day. */
export const cronOf = ({ hours, minute: at }: Times): string =>
  `${at} ${hours.join(",")} * * *`;

export const firesOf = ({ times }: HostStory, { from, to }: Span): number[] =>
  instants(times, from, to);

/** Fires of a time in which nobody was there, and one backup after it that makes up for all of them. */
export interface Gap extends Span {
  readonly reason: "asleep" | "agent_down";
  readonly fires: readonly number[];
}

/** What must come of a host's fires. */
export interface Expected {
  readonly onTime: readonly number[];
  readonly gaps: readonly Gap[];
}

export function expected(host: HostStory, story: Span): Expected {
  const gaps = [
    ...host.asleep.map((span) => ({ ...span, reason: "asleep" as const })),
    ...host.off.map((span) => ({ ...span, reason: "agent_down" as const })),
  ].map((gap) => ({ ...gap, fires: firesOf(host, gap) }));
  const missed = new Set(gaps.flatMap(({ fires }) => fires));
  return {
    onTime: firesOf(host, story).filter((at) => !missed.has(at)),
    gaps,
  };
}

export type Act =
  | { readonly what: "backup" }
  | { readonly what: "upkeep"; readonly kind: UpkeepKind }
  | {
      readonly what: "sleep" | "wake" | "shut-down" | "boot" | "cut" | "heal";
    };

/** Something that happens at an instant, to a host of the story. */
export type Moment = Act & { readonly at: number; readonly host: string };

/** Everything that happens, in its order. */
export function moments(story: Story): Moment[] {
  const both = (
    host: string,
    spans: readonly Span[],
    first: "sleep" | "shut-down" | "cut",
    second: "wake" | "boot" | "heal",
  ): Moment[] =>
    spans.flatMap(({ from, to }) => [
      { at: from, host, what: first },
      { at: to, host, what: second },
    ]);
  const ofHosts = story.hosts.flatMap((host): Moment[] => [
    ...expected(host, story).onTime.map((at): Moment => ({
      at,
      host: host.name,
      what: "backup",
    })),
    ...both(host.name, host.asleep, "sleep", "wake"),
    ...both(host.name, host.off, "shut-down", "boot"),
    ...both(host.name, host.cutOff, "cut", "heal"),
  ]);
  const ofUpkeep = upkeepKinds.flatMap((kind) =>
    upkeepOf(story, kind).map((at): Moment => ({
      at,
      host: story.runner,
      what: "upkeep",
      kind,
    })),
  );
  return [...ofHosts, ...ofUpkeep].toSorted((a, b) => a.at - b.at);
}

export const upkeepOf = (story: Story, kind: UpkeepKind): number[] =>
  instants(story.upkeep[kind], story.from, story.to);

export const repositoriesOf = ({ hosts }: Story): string[] => [
  ...new Set(hosts.map(({ repository }) => repository)),
];

/** A moment is dealt with well before the next one comes. */
export const shortestPause = 5 * minute;
