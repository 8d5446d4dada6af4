import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import type { KitEntry, OpenAccess } from "./contents.ts";

/** Of the certificate authority, where the commands look for it. */
const caFile = "repository-ca.pem";

/** What a person types into a shell before the first restic. */
export function openingCommands({ url, credential }: OpenAccess): string[] {
  const { password, username, user_password, env, ca } = credential;
  const variables: [string, string][] = [
    ["RESTIC_REPOSITORY", url],
    ["RESTIC_PASSWORD", password],
    ...(username === undefined
      ? []
      : ([
          ["RESTIC_REST_USERNAME", username],
          ["RESTIC_REST_PASSWORD", user_password ?? ""],
        ] satisfies [string, string][])),
    ...Object.entries(env),
    ...(ca === undefined
      ? []
      : ([["RESTIC_CACERT", caFile]] satisfies [string, string][])),
  ];
  return [
    // Whatever it holds must not end up as a command.
    ...(ca === undefined
      ? []
      : [`printf '%s\\n' ${quoted(ca.trim())} > ${caFile}`]),
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
  ];
}

/** Looking, then bringing back the newest of each source group into a folder of its own. */
export function restoringCommands({ hosts }: KitEntry): string[] {
  const groups = hosts.flatMap(({ hostname, groups: ofHost }) =>
    ofHost.map(({ tag }) => ({ hostname, tag })),
  );
  return [
    "restic snapshots",
    ...groups.map(
      ({ hostname, tag }) =>
        `restic restore latest --host ${quoted(hostname)} --tag ${quoted(tag)} --target ${quoted(`restored/${folder(hostname)}/${tag}`)}`,
    ),
  ];
}

/** Where the address is no whole answer; null when it is. */
export function whereabouts({ url }: OpenAccess, hosts: string): string | null {
  switch (repoKind(url)) {
    case "local":
      return `A folder on the machine that made it (${hosts}), or on what was mounted there: go to that disk and give its path there.`;
    case "sftp":
      return "Through SSH: the user needs a key or password for that machine, which is not kept here.";
    default:
      return null;
  }
}

/** A host calls itself what it likes: its name must not lead out of the folder. */
function folder(name: string): string {
  return name.replaceAll(/[/\\]|^\.+/g, "_");
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
