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
  readAuthority,
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
} from "../identity/approval-store.ts";
import { loadOrMintIdentity } from "../identity/identity.ts";
import { createServerDoor, type ServerDoor } from "../identity/server-door.ts";
import { checkConfigWritable } from "../platform/folders.ts";
import { hostFacts } from "../platform/host-facts.ts";
import { createSpawner } from "../platform/spawn.ts";
import { createResticLocator } from "../restic/locate.ts";
import { exitCodes, type CliContext, type Terminal } from "./context.ts";
import { holdingLock, runHeld, UsageError } from "./run.ts";

export interface EnrolOptions {
  /** The server's fingerprint as the dashboard shows it. */
  readonly serverKey?: string;
  /** PEM file of a private certificate authority. */
  readonly serverCa?: string;
  /** End after the approval instead of going on as `run`. */
  readonly exit?: boolean;
}

/** Announces this host, waits for the approval and keeps it. */
export async function enrol(
  context: CliContext,
  address: string,
  options: EnrolOptions,
): Promise<number> {
  const server = await findServer(context, readAddress(address), options);
  // Only now is anything kept: a server that is not the expected one leaves no trace.
  return holdingLock(context, async () => {
    checkConfigWritable(context.paths);
    await join(context, server);
    return options.exit === true ? exitCodes.ok : runHeld(context);
  });
}

interface FoundServer {
  readonly address: string;
  readonly door: ServerDoor;
  readonly known: KnownServer;
  readonly caFile: string | undefined;
}

async function findServer(
  context: CliContext,
  address: string,
  options: EnrolOptions,
): Promise<FoundServer> {
  const wanted = readServerKey(options.serverKey);
  const config = readConfig(context.paths.config);
  const expected = wanted ?? pinnedKey(context, config, address);
  const caFile = options.serverCa ?? config?.server_ca;
  const ca = caFile === undefined ? null : readAuthority(caFile);
  const door = createServerDoor({
    server: address,
    ca,
    signal: context.signal,
  });
  const known = await meetServer(door, expected);
  if (expected === null) await confirmServer(context.terminal, address, known);
  return { address, door, known, caFile };
}

async function join(context: CliContext, server: FoundServer): Promise<void> {
  const { paths, terminal, clock, env, random, signal } = context;
  const identity = loadOrMintIdentity(paths.identity, random);
  const restic = createResticLocator({
    spawner: createSpawner({ tmpDir: paths.tmp }),
    env,
    assetsDir: context.assetsDir,
    binDir: paths.bin,
    mayExtract: true,
    override: readConfig(paths.config)?.restic_path,
  });
  const known = readApproval(paths.approval);
  const tellOnce = createTeller(terminal);
  const approval = await announceAndWait({
    door: server.door,
    clock,
    identity,
    facts: hostFacts(clock, env),
    resticVersion: (await restic.info()).version,
    server: server.known,
    onPending: (announced) =>
      showFingerprint(announced, identity.fingerprint, known, tellOnce),
    onTrouble: ({ message }) => tellOnce(`${message} Trying again.`),
    signal,
  });
  keep(context, server, approval);
  terminal.say(
    `Approved: this host is "${approval.host_name}" (${approval.host_id}).`,
  );
}

/** The key of the server this host already belongs to, when it is the same server. */
function pinnedKey(
  { paths }: CliContext,
  config: AgentConfig | null,
  server: string,
): Fingerprint | null {
  const approval: StoredApproval | null = readApproval(paths.approval);
  if (approval === null || config === null) return null;
  if (config.server !== server)
    throw new UsageError(
      `This host belongs to ${config.server}. To move it to another server, stop the agent and remove ${paths.approval} and ${paths.secrets} first.`,
    );
  return fingerprintOf(publicKeyBytes(approval.server_key) ?? new Uint8Array());
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

function showFingerprint(
  announced: Announced,
  fingerprint: Fingerprint,
  known: StoredApproval | null,
  tellOnce: (line: string) => void,
): void {
  tellOnce(
    [
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
    ].join("\n"),
  );
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
  { address, caFile }: FoundServer,
  approval: Approval,
): void {
  const config = readConfig(paths.config);
  saveConfig(paths.config, {
    server: address,
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
