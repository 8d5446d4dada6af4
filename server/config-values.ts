import { homedir } from "node:os";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { z } from "zod";

/* The kinds of value a setting can have; each reads the text of an environment variable. */

const durationUnits = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500ms`, `30s`, `15m`, `1h`, `7d` → milliseconds. */
export const duration = z.string().transform((text, context) => {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const ms =
    match === null
      ? 0
      : Number(match[1]) *
        durationUnits[match[2] as keyof typeof durationUnits];
  // setTimeout cannot wait longer than this.
  if (ms <= 0 || ms > 2 ** 31 - 1) {
    context.addIssue("use a duration such as 500ms, 30s, 15m or 1h");
    return z.NEVER;
  }
  return ms;
});

export interface Listen {
  readonly hostname: string;
  readonly port: number;
}

/** `127.0.0.1:8080`, `[::]:8080`, `localhost:0`. */
export const listen = z.string().transform((text, context): Listen => {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (hostname === undefined || port > 65535) {
    context.addIssue(
      "use address:port, for example 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080",
    );
    return z.NEVER;
  }
  return { hostname, port };
});

/** `https://backup.example.org`: scheme, host and port, nothing behind. */
export const origin = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (
    url === null ||
    !["http:", "https:"].includes(url.protocol) ||
    `${url.origin}/` !== url.href
  ) {
    context.addIssue(
      "use scheme, host and port only, for example https://backup.example.org",
    );
    return z.NEVER;
  }
  return url.origin;
});

/** `10.0.0.0/8` or one address. */
export const cidr = z.string().transform((text, context) => {
  const [address = "", prefix] = text.split("/");
  const bits = isIP(address) === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (
    isIP(address) === 0 ||
    !/^\d{1,3}$/.test(prefix ?? "0") ||
    length > bits
  ) {
    context.addIssue(
      "use addresses or networks, for example 10.0.0.0/8 or 127.0.0.1",
    );
    return z.NEVER;
  }
  return { address, length, family: bits === 32 ? "ipv4" : "ipv6" } as const;
});

export type Cidr = z.infer<typeof cidr>;

/** Comma-separated; spaces around commas and empty parts do not matter. */
export function listOf<T extends z.ZodType<unknown, string>>(item: T) {
  return z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(item));
}

export const path = z.string().transform((text) => resolve(text));

/** Where a service of root, or a program of a person, keeps its state. */
export function defaultDataDir(
  env: Readonly<Record<string, string | undefined>>,
  isRoot: boolean,
): string {
  const name = "restic-manager-server";
  if (isRoot) return join("/var/lib", name);
  const state =
    env["XDG_STATE_HOME"] ?? join(env["HOME"] ?? homedir(), ".local/state");
  return join(state, name);
}
