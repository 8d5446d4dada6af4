import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { createBrokerKeyStore } from "../../server/adapters/broker-key-store.ts";
import { agentJwt } from "../../server/adapters/nats-claims.ts";
import { parseBrokerKeys } from "../../server/adapters/nats-keys.ts";
import { openExistingData } from "../../server/cli/open-data.ts";
import { systemClock } from "../../server/clock.ts";
import { insertHost } from "../../server/features/hosts/store.ts";
import { identityOf } from "../../server/identity.ts";
import { createRandom } from "../../server/random.ts";

/** An approved host, as its agent knows it. */
export interface Member {
  readonly hostId: string;
  readonly name: string;
  /** Seed of its Ed25519 key, base64url. */
  readonly seed: string;
  readonly jwt: string;
  /** The address it comes from, as a proxy in front of the server says. */
  readonly ip: string;
  readonly groupId: string;
}

const at = "2026-01-01T00:00:00.000Z";
const dayMs = 24 * 3600 * 1000;

/**
 * Puts `count` approved hosts that are set up into the data of a server that has run and is stopped: their keys are
 * real, and what signs their JWTs is the server's own key. Much quicker than approving each, and the same in the end.
 */
export async function seedFleet(
  dataDir: string,
  count: number,
): Promise<Member[]> {
  const random = createRandom(systemClock);
  const { store, secrets } = openExistingData(
    { dataDir, secretKeyFile: join(dataDir, "secret.key") },
    random,
  );
  const stored = createBrokerKeyStore(store.db, secrets, systemClock);
  const keys = parseBrokerKeys((await stored.load()) ?? "");
  const nowSeconds = Math.floor(Date.now() / 1000);

  function enrol(index: number): Member {
    const seed = randomBytes(32);
    const hostId = random.hostId();
    const { publicKey } = identityOf(seed, random);
    return {
      hostId,
      name: `host-${String(index).padStart(5, "0")}`,
      seed: toBase64Url(seed),
      jwt: agentJwt(keys, nowSeconds, {
        nkey: encodeNkey("user", publicKey),
        hostId,
        expiresAt: nowSeconds + dayMs / 1000,
      }),
      ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      groupId: random.id(),
    };
  }

  const members = Array.from({ length: count }, (_, index) => enrol(index));
  const repository = random.id();
  await store.tx.run(async (trx) => {
    await trx
      .insertInto("repositories")
      .values({
        id: repository,
        name: "fleet",
        url: "rest:http://localhost:8000/fleet",
        append_only: "no",
        status: "ready",
        status_code: null,
        status_message: null,
        status_at: at,
        restic_id: null,
        snapshots_rev: null,
        snapshots_refreshed_at: null,
        created_by: null,
        created_at: at,
        updated_at: at,
      })
      .execute();
    for (const member of members) {
      const { hostId, groupId } = member;
      const { publicKey } = identityOf(
        Buffer.from(member.seed, "base64url"),
        random,
      );
      const host = {
        id: hostId,
        hostname: member.name,
        os: "linux",
        arch: "x64",
        tz: "Etc/UTC",
        agent_version: "0.1.0",
        public_key: publicKey,
        fingerprint: fingerprintOf(publicKey),
        x25519: publicKey,
        announced_from_ip: member.ip,
        approved_by: null,
        approved_at: at,
      } as const;
      await insertHost(trx, host, member.name);
      await trx
        .insertInto("host_repositories")
        .values({ host_id: hostId, repository_id: repository, is_default: 1 })
        .execute();
      await trx
        .insertInto("source_groups")
        .values({
          id: groupId,
          host_id: hostId,
          name: "default",
          repository_id: null,
          includes: '["/etc"]',
          excludes: "[]",
          exclude_caches: 1,
          one_file_system: 0,
          retention: "{}",
          retry_max: 0,
          retry_backoff_s: 60,
          pre_hook: null,
          post_hook: null,
          created_at: at,
          updated_at: at,
        })
        .execute();
    }
  });
  await store.close();
  return members;
}
