export interface Invitation {
  readonly hostname: string;
  /** Address of this server as the host reaches it. */
  readonly url: string;
  /** Fingerprint of this server's key. */
  readonly serverKey: string;
  readonly token: string;
  readonly expiresAt: string;
}

/**
 * What a root shell on the host runs. The token stands in a here-document, which bash hands over as standard input:
 * no argument and no variable of the environment ever holds it.
 */
export function installCommand(invitation: Invitation): string {
  const { url, serverKey, token } = invitation;
  const server = quote(url);
  return `curl -fsSLO ${quote(`${url}/install/install.sh`)} && bash install.sh --server ${server} --server-key ${serverKey} --token-stdin <<'TOKEN'
${token}
TOKEN
`;
}

/** The same as a file that needs no editing; its options are handed on, so `--root DIR` works here too. */
export function installScript(invitation: Invitation): string {
  const { hostname, url, serverKey, token, expiresAt } = invitation;
  return `#!/usr/bin/env bash
# Installs the restic-manager agent on ${hostname} and joins it to ${url}.
#
# Run it as root with bash. It holds a one-time token: keep it to yourself until it was used. It works once, until
# ${expiresAt}.

if [ -z "\${BASH_VERSION:-}" ]; then
  echo "error: run this script with bash" >&2
  exit 2
fi
set -euo pipefail
umask 077

server=${quote(url)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if command -v curl >/dev/null; then
  curl --fail --silent --show-error --location --retry 3 --output "$folder/install.sh" "$server/install/install.sh"
else
  wget --quiet --tries=3 --output-document="$folder/install.sh" "$server/install/install.sh"
fi
bash "$folder/install.sh" --server "$server" --server-key ${serverKey} --token-stdin "$@" <<'TOKEN'
${token}
TOKEN
`;
}

/** `install-<host>.sh`, of letters that every file system and every download takes. */
export function scriptName(hostname: string): string {
  const safe = hostname.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 64);
  return `install-${safe.replace(/^-+|-+$/g, "") || "host"}.sh`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
