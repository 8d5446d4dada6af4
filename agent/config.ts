import { existsSync, readFileSync } from "node:fs";
import { isMap, parseDocument, type Document } from "yaml";
import { z } from "zod";
import {
  fromBase64Url,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { replaceFile } from "./platform/replace-file.ts";
import { trustIn, type Trust } from "./platform/trust.ts";

const absolutePath = z
  .string()
  .regex(/^(\/|[A-Za-z]:[\\/])/, "must be an absolute path");

const addressWords =
  "must be the server's address, for example https://backup.example.org, or a list of its addresses";
const address = z.url({ protocol: /^https?$/, error: addressWords });

/** agent.yaml: what a person may edit, and the key that this host's secrets are kept under. */
const agentConfig = z.strictObject({
  /** In the order they are tried. */
  server: z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z.array(address).min(1, addressWords),
  ),
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
  const content: unknown = document.toJS();
  const parsed = agentConfig.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    `${path}: ${parsed.error.issues.map((issue) => explain(issue, Object(content))).join(" ")}`,
  );
}

/** Writes keys into the file and leaves the rest of it, comments too, as it is. Mode 0600. */
export function saveConfig(path: string, changes: Partial<AgentConfig>): void {
  const document = parseDocument(
    existsSync(path) ? readFileSync(path, "utf8") : heading,
  );
  const { server, ...rest } = changes;
  if (server !== undefined)
    document.set("server", server.length === 1 ? server[0] : server);
  for (const [key, value] of Object.entries(rest)) document.set(key, value);
  replaceFile(path, document.toString());
}

/** Changes the file when there is one that is YAML and `change` says that it did something. Mode 0600. */
export function editConfig(
  path: string,
  change: (document: Document) => boolean,
): void {
  if (!existsSync(path)) return;
  const document = parseDocument(readFileSync(path, "utf8"));
  if (document.errors.length > 0 || !isMap(document.contents)) return;
  if (change(document)) replaceFile(path, document.toString());
}

/**
 * Whom to trust beside nobody else, by a PEM file: certificate authorities or the server's own certificate. Without a file
 * null, and the system decides. Throws `ConfigError`.
 */
export function readTrust(path: string | undefined): Trust | null {
  if (path === undefined) return null;
  const remedy = "correct --server-ca, or server_ca in agent.yaml.";
  let trust: Trust | null;
  try {
    trust = trustIn(readFileSync(path, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `The certificate authority ${path} cannot be read (${code}); ${remedy}`,
    );
  }
  if (trust !== null) return trust;
  throw new ConfigError(`${path} holds no certificate as PEM; ${remedy}`);
}

export function newSecretsKey(bytes: Uint8Array): string {
  return toBase64Url(bytes);
}

const heading = `# Configuration of restic-manager-agent. It holds a key: keep this file private (mode 0600).
# Optional: restic_path (another restic than the built-in one), server_ca (PEM file of a private certificate
# authority or of the server's own certificate). server may be a list of addresses, tried in turn.
`;

function explain(issue: z.core.$ZodIssue, content: object): string {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(agentConfig.shape).join(", ");
    return `unknown key ${issue.keys.join(", ")}; known keys are ${known}.`;
  }
  const [key] = issue.path;
  if (key === undefined)
    return "is empty; run restic-manager-agent enrol again.";
  const words = Object.hasOwn(content, key) ? issue.message : "is missing";
  return `${String(key)} ${words}.`;
}
