import { readFileSync } from "node:fs";
import { join } from "node:path";
import { newPassword, username } from "@restic-manager/shared/api/auth.ts";
import { redacted } from "@restic-manager/shared/redact.ts";
import { closest, distance } from "fastest-levenshtein";
import { parse } from "yaml";
import { z } from "zod";
import {
  cidr,
  defaultDataDir,
  duration,
  listen,
  listOf,
  origin,
  path,
} from "./config-values.ts";

/** Every setting. `listen` is RM_LISTEN in the environment and `listen` in the file, `baseUrl` is RM_BASE_URL and `base_url`. */
const schema = z.object({
  listen,
  baseUrl: origin.optional(),
  agentUrls: listOf(origin),
  dataDir: path,
  secretKeyFile: path,
  trustedProxy: listOf(cidr),
  cookieSecure: z.enum(["auto", "true", "false"]),
  allowedOrigins: listOf(origin),
  adminUsername: username,
  adminPassword: newPassword.optional(),
  logLevel: z.enum(["debug", "info", "warn", "error"]),
  logFormat: z.enum(["auto", "json", "pretty"]),
  drainTimeout: duration,
  heartbeatInterval: duration,
  offlineAfter: duration,
  pendingExpiry: duration,
});

/** Durations are milliseconds. */
export type Config = Readonly<z.infer<typeof schema>>;
type Key = keyof Config;
type Texts = { [K in Key]?: string };

export const settingKeys = Object.keys(schema.shape) as Key[];

/** Also read from the file that `<setting>_FILE` names, and never printed. */
const secretKeys: readonly Key[] = ["adminPassword"];

/** As a person would write them; the two that depend on the machine are added when loading. */
export const defaults = {
  listen: "127.0.0.1:8080",
  agentUrls: "",
  trustedProxy: "",
  cookieSecure: "auto",
  allowedOrigins: "",
  adminUsername: "admin",
  logLevel: "info",
  logFormat: "auto",
  drainTimeout: "30s",
  heartbeatInterval: "30s",
  offlineAfter: "90s",
  pendingExpiry: "1h",
} as const satisfies Texts;

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** What is in force, by environment name, secrets hidden. */
      readonly effective: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly problems: readonly string[] };

export type Env = Readonly<Record<string, string | undefined>>;

/** The one place that reads the environment. */
export function readEnvironment(): {
  readonly env: Env;
  readonly isRoot: boolean;
  /** Where what the executable carries is unpacked to; another place only in a run from source. */
  readonly assetsDir: string;
  /** Directories to look for programs in, as in `PATH`. */
  readonly searchPath: string;
} {
  const env = { ...process.env };
  return {
    env,
    isRoot: process.getuid?.() === 0,
    assetsDir: env["RM_ASSETS_DIR"] ?? join(import.meta.dir, "assets"),
    searchPath: env["PATH"] ?? "",
  };
}

/**
 * Defaults, then the YAML file (`configFile`, or RM_CONFIG_FILE), then the environment. Reads files, changes nothing
 * and reports every problem at once.
 */
export function loadConfig(
  env: Env,
  isRoot: boolean,
  configFile?: string,
): LoadedConfig {
  const problems: string[] = [];
  const file = configFile ?? env["RM_CONFIG_FILE"];
  const fromFile =
    file === undefined ? {} : readTexts(fileSource(file, problems), problems);
  const fromEnv = readTexts(envSource(env), problems);

  const texts: Texts = {
    ...defaults,
    dataDir: defaultDataDir(env, isRoot),
    ...fromFile,
    ...fromEnv,
  };
  texts.secretKeyFile ??= join(texts.dataDir ?? ".", "secret.key");

  const parsed = schema.safeParse(texts);
  for (const issue of parsed.error?.issues ?? []) {
    const key = String(issue.path[0]) as Key;
    const shown = secretKeys.includes(key) ? redacted : texts[key];
    problems.push(`${envName(key)}=${shown}: ${issue.message}`);
  }
  if (
    parsed.success &&
    parsed.data.offlineAfter <= parsed.data.heartbeatInterval
  ) {
    problems.push(
      "RM_OFFLINE_AFTER must be longer than RM_HEARTBEAT_INTERVAL, or every host is offline between two heartbeats",
    );
  }
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    config: Object.freeze(parsed.data),
    effective: effective(texts),
  };
}

/** Where settings come from: names as written there, and how to write a setting's name there. */
interface Source {
  readonly entries: readonly (readonly [name: string, value: string])[];
  readonly nameOf: (key: Key) => string;
  readonly fileSuffix: string;
  /** Names that are no settings but may stand there. */
  readonly others: readonly string[];
  readonly where: string;
}

function envSource(env: Env): Source {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("RM_") && value !== undefined && value !== ""
      ? [[name, value] as const]
      : [],
  );
  return {
    entries,
    nameOf: envName,
    fileSuffix: "_FILE",
    others: ["RM_CONFIG_FILE", "RM_ASSETS_DIR"],
    where: "in the environment",
  };
}

function fileSource(file: string, problems: string[]): Source {
  const source = {
    nameOf: snake,
    fileSuffix: "_file",
    others: [],
    where: `in ${file}`,
  };
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (error) {
    problems.push(`${file} cannot be read: ${(error as Error).message}`);
  }
  const mapping = fileContent.safeParse(content ?? {});
  if (!mapping.success) {
    problems.push(`${file} must hold lines of the form key: value`);
  }
  const entries = Object.entries(mapping.data ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [[name, [value].flat().join(",")] as const],
  );
  return { ...source, entries };
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const fileContent = z.record(
  z.string(),
  z.union([scalar, z.array(scalar), z.null()]),
);

function readTexts(source: Source, problems: string[]): Texts {
  const known = new Map<string, { key: Key; isFile: boolean }>();
  for (const key of settingKeys) {
    const name = source.nameOf(key);
    known.set(name, { key, isFile: false });
    if (secretKeys.includes(key)) {
      known.set(name + source.fileSuffix, { key, isFile: true });
    }
  }
  const texts: Texts = {};
  for (const [name, value] of source.entries) {
    const setting = known.get(name);
    if (setting === undefined) {
      if (source.others.includes(name)) continue;
      problems.push(unknownKey(name, [...known.keys()], source.where));
    } else if (texts[setting.key] !== undefined) {
      problems.push(
        `${name} ${source.where} is set twice: give the value or the file, not both`,
      );
    } else if (setting.isFile) {
      texts[setting.key] = readSecret(name, value, problems);
    } else {
      texts[setting.key] = value;
    }
  }
  return texts;
}

function readSecret(name: string, file: string, problems: string[]): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    problems.push(`${name}=${file}: ${(error as Error).message}`);
    return "";
  }
}

function unknownKey(
  name: string,
  known: readonly string[],
  where: string,
): string {
  const nearest = closest(name, known);
  const isNear = distance(name, nearest) <= name.length * 0.4;
  const hint = isNear
    ? `did you mean ${nearest}?`
    : `known are ${known.join(", ")}`;
  return `Unknown setting ${name} ${where}: ${hint}`;
}

function effective(texts: Texts): Record<string, string> {
  return Object.fromEntries(
    settingKeys.flatMap((key) => {
      const text = texts[key];
      if (text === undefined) return [];
      return [[envName(key), secretKeys.includes(key) ? redacted : text]];
    }),
  );
}

export function envName(key: string): string {
  return `RM_${snake(key).toUpperCase()}`;
}

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
