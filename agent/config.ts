import { existsSync, readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { z } from "zod";
import {
  fromBase64Url,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { replaceFile } from "./platform/replace-file.ts";

const absolutePath = z
  .string()
  .regex(/^(\/|[A-Za-z]:[\\/])/, "must be an absolute path");

/** agent.yaml: what a person may edit, and the key that this host's secrets are kept under. */
const agentConfig = z.strictObject({
  server: z.url({
    protocol: /^https?$/,
    error:
      "must be the server's address, for example https://backup.example.org",
  }),
  secrets_key: z
    .string()
    .refine(
      (text) => fromBase64Url(text)?.length === 32,
      "must be the 43 characters the agent wrote; never change it",
    ),
  server_ca: absolutePath.optional(),
  restic_path: absolutePath.optional(),
});
export type AgentConfig = z.infer<typeof agentConfig>;

/** The configuration cannot be used; the message names file, key and remedy. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

/** Null when there is no file. Throws `ConfigError`. */
export function readConfig(path: string): AgentConfig | null {
  if (!existsSync(path)) return null;
  const document = parseDocument(readFileSync(path, "utf8"));
  const [fault] = document.errors;
  if (fault !== undefined)
    throw new ConfigError(`${path} is not valid YAML: ${fault.message}`);
  const parsed = agentConfig.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    `${path}: ${parsed.error.issues.map(explain).join(" ")}`,
  );
}

/** Writes keys into the file and leaves the rest of it, comments too, as it is. Mode 0600. */
export function saveConfig(path: string, changes: Partial<AgentConfig>): void {
  const document = parseDocument(
    existsSync(path) ? readFileSync(path, "utf8") : heading,
  );
  for (const [key, value] of Object.entries(changes)) document.set(key, value);
  replaceFile(path, document.toString());
}

/** PEM of a private certificate authority. Throws `ConfigError`. */
export function readAuthority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `The certificate authority ${path} cannot be read (${code}); correct --server-ca, or server_ca in agent.yaml.`,
    );
  }
}

export function newSecretsKey(bytes: Uint8Array): string {
  return toBase64Url(bytes);
}

const heading = `# Configuration of restic-manager-agent. It holds a key: keep this file private (mode 0600).
# Optional: restic_path (another restic than the built-in one), server_ca (PEM file of a private certificate authority).
`;

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(agentConfig.shape).join(", ");
    return `unknown key ${issue.keys.join(", ")}; known keys are ${known}.`;
  }
  const key = issue.path.join(".");
  if (key === "") return "is empty; run restic-manager-agent enrol again.";
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  return missing ? `${key} is missing.` : `${key} ${issue.message}.`;
}
