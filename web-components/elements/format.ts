const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat("en", {
  numeric: "auto",
  style: "narrow",
});
const units = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export function count(value: number): string {
  return whole.format(value);
}

/** `1 host`, `2 hosts`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** SI units with a space that does not break: `1.2 GB`. */
export function bytes(value: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const digits =
    rest >= 100 || unit === 0 ? whole.format(rest) : tenth.format(rest);
  return `${digits}\u00a0${units[unit]}`;
}

/** `2h ago`, `in 14h`, `yesterday`; milliseconds since the epoch. */
export function relativeTime(at: number, now: number): string {
  const delta = at - now;
  const distance = Math.abs(delta);
  if (distance < 45 * second) return delta <= 0 ? "just now" : "in seconds";
  if (distance < 59.5 * minute)
    return relative.format(Math.round(delta / minute), "minute");
  if (distance < 23.9 * hour)
    return relative.format(Math.round(delta / hour), "hour");
  if (distance < 45 * day)
    return relative.format(Math.round(delta / day), "day");
  return relative.format(Math.round(delta / (30.4 * day)), "month");
}

/** `45s`, `3m 05s`, `2h 10m`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / second));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

const styles = {
  /** `22 Nov, 09:41` */
  dateTime: {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  },
  /** `Sun 22 Nov, 09:41` */
  dayTime: {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  },
  /** `Sun 22 Nov` */
  day: { weekday: "short", day: "numeric", month: "short" },
  /** `22 Nov 2026` */
  date: { day: "numeric", month: "short", year: "numeric" },
  /** `09:41` */
  time: { hour: "2-digit", minute: "2-digit" },
  /** `09:41:20` */
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  /** The whole of it with its zone, for a `title`. */
  full: { dateStyle: "full", timeStyle: "long" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

type TimeStyle = keyof typeof styles;

const local = Object.fromEntries(
  Object.entries(styles).map(([name, options]) => [
    name,
    new Intl.DateTimeFormat("en-GB", options),
  ]),
) as Record<TimeStyle, Intl.DateTimeFormat>;

/** A moment in words, in the browser's zone. */
export function time(at: number, style: TimeStyle): string {
  return local[style].format(at);
}

/** A moment in words, in an IANA zone such as a host's; in UTC, and saying so, when this browser has no such zone. */
export function timeIn(zone: string, at: number, style: TimeStyle): string {
  try {
    return inZone(zone, at, style);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `${inZone("UTC", at, style)} UTC`;
  }
}

function inZone(timeZone: string, at: number, style: TimeStyle): string {
  return new Intl.DateTimeFormat("en-GB", {
    ...styles[style],
    timeZone,
  }).format(at);
}
