import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type {
  EnrolmentToken,
  TokenBody,
  TokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import type { Answer, Call } from "./fixture-api.ts";
import { at, hour, id, minute, now } from "./moments.ts";

/** What a host has after its key was replaced. */
export const rotatedFingerprint = `SHA256:${"5e1f".repeat(16)}`;

export const mintedPassword = "q1WmZr0tK8vXy2nPd4sLh6uJf3cGb7aE";

export function removeHost({ world, params, body }: Call): Answer {
  const host = world.hosts.find((other) => other.id === params[0]);
  if (host?.name !== (body as { name: string }).name)
    return {
      refused: {
        status: 409,
        code: "name_mismatch",
        message: "The typed name is not the name of this host.",
      },
    };
  world.hosts = world.hosts.filter((other) => other !== host);
  return { body: { left_keys: [] } };
}

export function rotateKey({ world, params }: Call): Answer {
  const rotated = (host: HostDetail): HostDetail => ({
    ...host,
    fingerprint: rotatedFingerprint,
    identity_conflict: null,
    keys: [
      { fingerprint: rotatedFingerprint, since: at(now), until: null },
      ...host.keys.map((key) => ({ ...key, until: key.until ?? at(now) })),
    ],
  });
  world.hosts = world.hosts.map((host) =>
    host.id === params[0] ? rotated(host) : host,
  );
  return { body: world.hosts.find((host) => host.id === params[0]) };
}

export function openToken(
  hostname: string,
  more: Partial<EnrolmentToken> = {},
): EnrolmentToken {
  return {
    id: id(`TOK${hostname}`),
    hostname,
    repository_url: `rest:https://vault.lan:8000/${hostname}/`,
    created_by: "sam.keller",
    created_at: at(now - 9 * minute),
    expires_at: at(now + 51 * minute),
    used_at: null,
    host_id: null,
    ...more,
  };
}

export function makeToken({ world, body }: Call): Answer {
  const { hostname, repository } = body as TokenBody;
  const { username, user_password, password } = repository.credential;
  const token = `rmt_${id(`TOK${hostname}`)}_${"s3cretS3cret".repeat(3)}`;
  world.tokens.unshift(
    openToken(hostname, {
      repository_url: repository.url,
      created_at: at(now),
      expires_at: at(now + hour),
    }),
  );
  const mintsLogin = username !== undefined && user_password === undefined;
  const made: TokenMade = {
    id: id(`TOK${hostname}`),
    expires_at: at(now + hour),
    token,
    command: `curl -fsSO https://backup.example.net/install/install.sh\nbash install.sh --server https://backup.example.net --server-key SHA256:${"4be0".repeat(16)} --token-stdin <<'TOKEN'\n${token}\nTOKEN\n`,
    script: `#!/usr/bin/env bash\n# joins ${hostname}\nTOKEN=${token}\n`,
    script_name: `install-${hostname}.sh`,
    minted_password: password === undefined ? mintedPassword : null,
    minted_user_password: mintsLogin ? "Yp3mWq9TzLx2" : null,
    htpasswd: mintsLogin
      ? `${username}:$2b$12$9Zl3vO7b1wz0uVdT0XwQeO4m1nYcXK1o0x5c8S2bV7n6m4l3k2j1i`
      : null,
  };
  return { body: made };
}
