import { createHash, timingSafeEqual } from "node:crypto";
import { setUpBody } from "@restic-manager/shared/api/repos.ts";
import type { SetUpBody } from "@restic-manager/shared/api/repos.ts";
import { maxTokens, tokenLifeMs } from "@restic-manager/shared/api/tokens.ts";
import type {
  EnrolmentToken,
  TokenBody,
  TokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { mintSecrets } from "./minting.ts";
import { installCommand, installScript, scriptName } from "./script.ts";
import * as store from "./store.ts";

/** What people do with one-time tokens. */
export interface Tokens {
  /** `url` is the server as a host reaches it. The answer is the only place where the token ever stands. */
  make(body: TokenBody, url: string, by: Initiator): Promise<TokenMade>;
  list(): Promise<EnrolmentToken[]>;
  /** @throws AppError `token_not_found`, `token_used` */
  revoke(id: string, by: Initiator): Promise<void>;
  /** Begins to forget tokens whose time is up. */
  start(): Cancel;
}

/** A token that is over is told apart from one that never was for a day. */
const keptMs = 24 * 60 * 60 * 1000;
const shownMs = 60 * 60 * 1000;

export function createTokens(deps: {
  db: Db;
  tx: Transaction;
  secrets: Secrets;
  audit: Audit;
  serverKey: string;
  random: Random;
  clock: Clock;
  log: Log;
}): Tokens {
  const { db, tx, audit, random, clock } = deps;
  const ago = (ms: number) => toTimestamp(clock.now() - ms);

  async function insert(
    token: { readonly id: string; readonly text: string },
    { hostname, tags, source }: TokenBody,
    repository: SetUpBody["repository"],
    by: Initiator & { readonly id: string },
  ): Promise<string> {
    const expires_at = toTimestamp(clock.now() + tokenLifeMs);
    const { id, text } = token;
    await tx.run(async (trx) => {
      if ((await store.countOpen(trx, ago(0))) >= maxTokens) {
        throw new AppError("tokens_full");
      }
      await store.insertToken(trx, {
        id,
        token_sha256: hashOf(text).toString("hex"),
        hostname,
        tags: JSON.stringify(tags),
        repository_url: repository.url,
        sealed: sealSetUp(deps.secrets, id, { repository, source }),
        created_by: by.id,
        created_at: ago(0),
        expires_at,
        used_at: null,
        host_id: null,
      });
      await audit.record(trx, by, {
        action: "token.create",
        target: { kind: "token", id },
        payload: {
          hostname,
          tags,
          repository_url: repository.url,
          includes: source.includes,
          expires_at,
        },
      });
    });
    return expires_at;
  }

  async function sweep(): Promise<void> {
    const times = { now: ago(0), goneBefore: ago(keptMs) };
    await tx.run((trx) => store.sweepTokens(trx, times));
  }

  return {
    async make(body, url, by) {
      if (by.id === null) throw new AppError("unauthenticated");
      const minted = await mintSecrets(body.repository, random);
      const id = random.id();
      const token = `rmt_${id}_${random.token()}`;
      const { credential } = minted;
      const repository = { ...body.repository, credential };
      const expires_at = await insert({ id, text: token }, body, repository, {
        ...by,
        id: by.id,
      });
      const { hostname } = body;
      const { serverKey } = deps;
      const shown = { hostname, url, serverKey, token, expiresAt: expires_at };
      return {
        id,
        expires_at,
        token,
        command: installCommand(shown),
        script: installScript(shown),
        script_name: scriptName(hostname),
        minted_password: minted.password,
        minted_user_password: minted.userPassword,
        htpasswd: minted.htpasswd,
      };
    },

    async list() {
      const times = { now: ago(0), usedAfter: ago(shownMs) };
      return (await store.listTokens(db, times)).map(view);
    },

    async revoke(id, by) {
      await tx.run(async (trx) => {
        const row = await store.findToken(trx, id);
        if (row === null) throw new AppError("token_not_found");
        if (row.used_at !== null) throw new AppError("token_used");
        await store.deleteToken(trx, id);
        await audit.record(trx, by, {
          action: "token.revoke",
          target: { kind: "token", id },
          payload: { hostname: row.hostname },
        });
      });
    },

    start: () =>
      every(clock, 60_000, () => {
        sweep().catch((error: unknown) =>
          deps.log.error("Forgetting expired tokens failed", { error }),
        );
      }),
  };
}

/** The id within a token. Null when it has not the shape of one. */
export function idOf(token: string): string | null {
  return /^rmt_([0-9A-HJKMNP-TV-Z]{26})_[\w-]{43}$/.exec(token)?.[1] ?? null;
}

/** Whether the token is the one of this row, in the same time whatever it is. */
export function isTokenOf(row: store.TokenRow, token: string): boolean {
  return timingSafeEqual(hashOf(token), Buffer.from(row.token_sha256, "hex"));
}

export function openSetUp(
  secrets: Secrets,
  { id }: store.TokenRow,
  box: Uint8Array,
): SetUpBody {
  const text = new TextDecoder().decode(
    secrets.open("enrolment-token", id, box),
  );
  return setUpBody.parse(JSON.parse(text));
}

function sealSetUp(secrets: Secrets, id: string, setUp: SetUpBody) {
  const text = new TextEncoder().encode(JSON.stringify(setUp));
  return secrets.seal("enrolment-token", id, text);
}

/** A token is 256 random bits: no salt and no slow hash would make it harder to guess. */
function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function view(row: store.TokenRecord): EnrolmentToken {
  return {
    id: row.id,
    hostname: row.hostname,
    repository_url: row.repository_url,
    created_by: row.username,
    created_at: row.created_at,
    expires_at: row.expires_at,
    used_at: row.used_at,
    host_id: row.host_id,
  };
}
