import { readFileSync } from "node:fs";
import {
  fingerprintGroups,
  fingerprintOf,
  parseFingerprint,
  type Fingerprint,
} from "@restic-manager/shared/identity/fingerprint.ts";
import { publicKeyBytes } from "@restic-manager/shared/identity/keys.ts";
import type {
  Announced,
  Approval,
} from "@restic-manager/shared/protocol/announce.ts";
import {
  newSecretsKey,
  readTrust,
  readConfig,
  saveConfig,
  type AgentConfig,
} from "../config.ts";
import {
  announceAndWait,
  meetServer,
  type KnownServer,
} from "../identity/announce.ts";
import {
  readApproval,
  saveApproval,
  type StoredApproval,
} from "../identity/approval.ts";
import { loadOrMintIdentity, readOwnIdentity } from "../identity/identity.ts";
import { createServerDoor, type ServerDoor } from "../identity/server-door.ts";
import { ServerFault } from "../identity/server-fault.ts";
import { sealToken } from "../identity/token.ts";
import { checkConfigWritable } from "../platform/folders.ts";
import { hostFacts } from "../platform/host-facts.ts";
import { createSpawner } from "../platform/spawn.ts";
import { createResticLocator } from "../restic/locate.ts";
import { moveOldRepository } from "../secrets/old-repository.ts";
import { exitCodes, type CliContext, type Terminal } from "./context.ts";
import { holdingLock, runHeld, UsageError } from "./run.ts";

/** Characters. */
const longestToken = 200;

export interface EnrolOptions {
  /** The server's fingerprint as the dashboard shows it. */
  readonly serverKey?: string;
  /** PEM file of a private certificate authority. */
  readonly serverCa?: string;
  /** File that holds a one-time token. */
  readonly tokenFile?: string;
  /** Read the one-time token from standard input. */
  readonly tokenStdin?: boolean;
  /** End after the approval instead of going on as `run`. */
  readonly exit?: boolean;
}

/** Announces this host, waits for the approval and keeps it. */
export async function enrol(
  context: CliContext,
  servers: readonly string[],
  options: EnrolOptions,
): Promise<number> {
  if (moveOldRepository(context.paths, context.random))
    context.terminal.say(
      "The repository and its password in agent.yaml were moved into a sealed file. Set the repository up in the dashboard; restic-manager-agent old-repository shows what to enter.",
    );
  const server = await findServer(context, servers.map(readAddress), options);
  const token = await readToken(context.terminal, options);
  // Only now is anything kept: a server that is not the expected one leaves no trace.
  return holdingLock(context, async () => {
    checkConfigWritable(context.paths);
    await join(context, server, token);
    return options.exit === true ? exitCodes.ok : runHeld(context);
  });
}

interface FoundServer {
  /** All that were given; this one answered first. */
  readonly addresses: string[];
  readonly door: ServerDoor;
  readonly known: KnownServer;
  readonly caFile: string | undefined;
}

async function findServer(
  context: CliContext,
  addresses: string[],
  options: EnrolOptions,
): Promise<FoundServer> {
  const config = readConfig(context.paths.config);
  const expected = expectedKey(context, config, addresses, options);
  const caFile = options.serverCa ?? config?.server_ca;
  const trust = readTrust(caFile);
  const faults: ServerFault[] = [];
  for (const address of addresses) {
    const { signal } = context;
    const door = createServerDoor({ server: () => address, trust, signal });
    try {
      const known = await meetServer(door, expected);
      if (expected === null)
        await confirmServer(context.terminal, address, known);
      return { addresses, door, known, caFile };
    } catch (error) {
      if (!(error instanceof ServerFault)) throw error;
      faults.push(error);
    }
  }
  const [first] = faults;
  throw new ServerFault(
    first?.kind ?? "network",
    faults.map(({ message }) => message).join("\n"),
    first?.code,
  );
}

async function join(
  context: CliContext,
  server: FoundServer,
  token: string | null,
): Promise<void> {
  const { paths, terminal, clock, env, random, signal } = context;
  const known = readApproval(paths.approval);
  const identity =
    readOwnIdentity(paths, known) ?? loadOrMintIdentity(paths.identity, random);
  const restic = createResticLocator({
    spawner: createSpawner({ tmpDir: paths.tmp }),
    env,
    assetsDir: context.assetsDir,
    binDir: paths.bin,
    mayExtract: true,
    override: readConfig(paths.config)?.restic_path,
  });
  const tellOnce = createTeller(terminal);
  const approval = await announceAndWait({
    door: server.door,
    clock,
    random,
    identity,
    facts: hostFacts(clock, env),
    resticVersion: (await restic.info()).version,
    server: server.known,
    isBackedUp: false,
    token:
      token === null
        ? undefined
        : sealToken(token, server.known, identity.publicKey, random),
    onPending: (announced) =>
      tellOnce(
        token === null
          ? fingerprintText(announced, identity.fingerprint, known)
          : `The one-time token stands for the approval of ${identity.fingerprint}`,
      ),
    onTrouble: ({ message }) => tellOnce(`${message} Trying again.`),
    signal,
  });
  keep(context, server, approval);
  terminal.say(
    `Approved: this host is "${approval.host_name}" (${approval.host_id}).`,
  );
}

/**
 * The key the server must have: the one given, or the one this host belongs to. Null when nobody has said. An approved host
 * goes to other addresses only with the key of its server.
 */
function expectedKey(
  { paths }: CliContext,
  config: AgentConfig | null,
  addresses: readonly string[],
  { serverKey, tokenFile, tokenStdin }: EnrolOptions,
): Fingerprint | null {
  const wanted = readServerKey(serverKey);
  const approval: StoredApproval | null = readApproval(paths.approval);
  if (approval !== null && config !== null) {
    const pinned = fingerprintOf(
      publicKeyBytes(approval.server_key) ?? new Uint8Array(),
    );
    const isKnown = addresses.some((address) =>
      config.server.includes(address),
    );
    if (wanted === pinned || (wanted === null && isKnown)) return pinned;
    throw new UsageError(
      `This host belongs to ${config.server[0]}. To move it to another server, stop the agent and remove ${paths.approval} and ${paths.secrets} first.`,
    );
  }
  if (wanted === null && (tokenFile !== undefined || tokenStdin === true))
    throw new UsageError(
      "A one-time token is only given to the server it is for: add --server-key, as the dashboard's command has it.",
    );
  return wanted;
}

/** Null when there is none. Throws `UsageError`. */
async function readToken(
  terminal: Terminal,
  { tokenFile, tokenStdin }: EnrolOptions,
): Promise<string | null> {
  if (tokenFile === undefined && tokenStdin !== true) return null;
  const text =
    tokenFile === undefined
      ? await terminal.readLine()
      : readTokenFile(tokenFile);
  const token = text.trim();
  if (token !== "" && token.length <= longestToken) return token;
  throw new UsageError(
    "There is no one-time token; give the text that starts with rmt_ and nothing else.",
  );
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`The token file ${path} cannot be read (${code}).`);
  }
}

/** Without a key to compare with, whoever answers could approve this host itself and command it. */
async function confirmServer(
  terminal: Terminal,
  server: string,
  known: KnownServer,
): Promise<void> {
  terminal.say(`Server ${server} has the key ${known.fingerprint}`);
  const { protocol, hostname } = new URL(server);
  if (protocol === "https:" || isLoopback(hostname)) return;
  const answer = await terminal.ask(
    "The connection is not encrypted, so somebody in between could pose as your server.\nCompare this key with the one in the dashboard. Is it the same? Type yes to go on: ",
  );
  if (answer?.trim().toLowerCase() === "yes") return;
  throw new UsageError(
    answer === null
      ? "Nobody can confirm the server's key here. Use the command the dashboard shows; it carries --server-key."
      : "Not confirmed; nothing was sent or kept.",
  );
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname === "[::1]" ||
    hostname.startsWith("127.")
  );
}

function fingerprintText(
  announced: Announced,
  fingerprint: Fingerprint,
  known: StoredApproval | null,
): string {
  return [
    "",
    ...(known === null
      ? [
          "Compare this fingerprint with the one the dashboard shows for this host, and accept it there:",
        ]
      : [
          `This host is approved already as "${known.host_name}" (${known.host_id}); its approval is fetched anew.`,
          "If the dashboard shows it as waiting all the same, compare this fingerprint and accept it there:",
        ]),
    "",
    `    ${fingerprint}`,
    "",
    `    ${fingerprintGroups(fingerprint).join(" ")}`,
    "",
    ...(announced.hostname_collision
      ? [
          "WARNING: another host has the same name. Accept only the one with exactly this fingerprint.",
          "",
        ]
      : []),
    "Waiting for the approval. Ctrl-C stops; the same command goes on.",
  ].join("\n");
}

function createTeller(terminal: Terminal): (text: string) => void {
  let last = "";
  return (text) => {
    if (text !== last) terminal.say(text);
    last = text;
  };
}

function keep(
  { paths, random }: CliContext,
  { addresses, caFile }: FoundServer,
  approval: Approval,
): void {
  const config = readConfig(paths.config);
  saveConfig(paths.config, {
    server: addresses,
    ...(config === null
      ? { secrets_key: newSecretsKey(random.bytes(32)) }
      : {}),
    ...(caFile === undefined ? {} : { server_ca: caFile }),
  });
  // Last, because this file is what makes the host an approved one.
  saveApproval(paths.approval, approval);
}

function readAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `${address} is not an address; write it as the dashboard does, for example https://backup.example.org`,
    );
  if (url.username !== "" || url.search !== "" || url.hash !== "")
    throw new UsageError(
      "The address must be without user name, query and fragment.",
    );
  return url.href.replace(/\/$/, "");
}

function readServerKey(text: string | undefined): Fingerprint | null {
  if (text === undefined) return null;
  const fingerprint = parseFingerprint(text);
  if (fingerprint === null)
    throw new UsageError(
      "--server-key must be SHA256: and 64 hexadecimal digits, as the dashboard shows it.",
    );
  return fingerprint;
}
