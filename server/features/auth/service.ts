import { createHash, timingSafeEqual } from "node:crypto";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  BootstrapBody,
  LoginBody,
} from "@restic-manager/shared/api/auth.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { systemInitiator } from "../../ports/audit.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Actor } from "../../ports/route.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { LoginThrottle } from "./login-throttle.ts";
import type { Passwords } from "./password.ts";
import {
  anyUserExists,
  deleteSession,
  deleteSessionsOf,
  findActiveSession,
  findUser,
  insertSession,
  insertUser,
  setLastLogin,
  setPasswordHash,
  touchSession,
} from "./store.ts";
import type { ActiveSession } from "./store.ts";

export const sessionLifetimeMs = 24 * 3_600_000;
/** Writing "last seen" more often than this is not worth the disk. */
const touchAfterMs = 60_000;

/** What a login gives: `token` goes into the cookie and exists nowhere else. */
export interface NewSession {
  readonly token: string;
  readonly session: ActiveSession;
}

export interface Auth {
  /** True as long as there is no user: then `bootstrap` is open. */
  needsBootstrap(): Promise<boolean>;
  /** Makes the token that `bootstrap` asks for; an earlier one no longer works. Kept in memory, as a hash. */
  issueBootstrapToken(): string;
  /** Makes the first administrator and logs in. */
  bootstrap(body: BootstrapBody, client: Client): Promise<NewSession>;
  /** The same without a browser. Returns false, changing nothing, when any user exists. */
  createFirstAdmin(username: string, password: string): Promise<boolean>;
  /** @throws AppError `login_failed`, or `login_throttled` after too many of them */
  login(body: LoginBody, client: Client): Promise<NewSession>;
  /**
   * Asks a logged-in user again who they are, before something that a stolen session must not do.
   * @throws AppError `password_wrong`, or `login_throttled` after too many of them
   */
  confirm(actor: Actor, password: string, by: Initiator): Promise<void>;
  logout(sessionId: string, by: Initiator): Promise<void>;
  /** The running session of a cookie's token, read afresh. */
  sessionOf(token: string): Promise<ActiveSession | null>;
  /** Whether a session still stands: for what stays open longer than one request. */
  actorOfSession(sessionId: string): Promise<Actor | null>;
  /**
   * Sets a user's password and ends their sessions. `newPassword` is asked only when there is such a user.
   * @throws AppError `not_found`
   */
  resetPassword(
    username: string,
    newPassword: () => Promise<string>,
  ): Promise<void>;
}

/** Who asks for a session. */
export interface Client {
  readonly by: Initiator;
  readonly ip: string;
  readonly userAgent: string;
}

export function createAuth(deps: {
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly passwords: Passwords;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
  readonly random: Random;
}): Auth {
  const { db, tx, audit, events, passwords, throttle, clock, random } = deps;
  const now = () => toTimestamp(clock.now());
  let bootstrapHash: string | null = null;

  async function insertAdmin(
    trx: Trx,
    username: string,
    passwordHash: string,
  ): Promise<string> {
    if (await anyUserExists(trx)) throw new AppError("bootstrap_closed");
    const id = random.id();
    await insertUser(trx, {
      id,
      username,
      email: null,
      role: "admin",
      password_hash: passwordHash,
      auth_source: "local",
      oidc_subject: null,
      disabled_at: null,
      must_change_password: 0,
      last_login_at: null,
      created_at: now(),
    });
    return id;
  }

  async function startSession(
    trx: Trx,
    user: { readonly id: string; readonly username: string },
    role: Actor["role"],
    client: Client,
  ): Promise<NewSession> {
    const token = random.token();
    const at = now();
    const expiresAt = toTimestamp(clock.now() + sessionLifetimeMs);
    const sessionId = random.id();
    await insertSession(trx, {
      id: sessionId,
      token_sha256: sha256(token),
      user_id: user.id,
      created_at: at,
      last_seen_at: at,
      expires_at: expiresAt,
      ip: client.ip,
      user_agent: client.userAgent.slice(0, 256),
    });
    await setLastLogin(trx, user.id, at);
    const { id: userId, username } = user;
    return {
      token,
      session: { sessionId, userId, username, role, expiresAt, lastSeenAt: at },
    };
  }

  /** Without the name that was typed: people type passwords into the wrong field. */
  function recordThrottling(
    by: Initiator,
    userId: string | undefined,
  ): Promise<void> {
    return tx.run((trx) =>
      audit.record(trx, by, {
        action: "auth.login_throttled",
        ...(userId !== undefined && { target: { kind: "user", id: userId } }),
      }),
    );
  }

  return {
    needsBootstrap: async () => !(await anyUserExists(db)),

    issueBootstrapToken() {
      const token = random.token();
      bootstrapHash = sha256(token);
      return token;
    },

    async bootstrap({ token, username, password }, client) {
      if (await anyUserExists(db)) throw new AppError("bootstrap_closed");
      if (bootstrapHash === null || !isSame(sha256(token), bootstrapHash)) {
        throw new AppError("bootstrap_token_invalid");
      }
      const passwordHash = await passwords.hash(password);
      const started = await tx.run(async (trx) => {
        const id = await insertAdmin(trx, username, passwordHash);
        const by = { ...client.by, id, name: username };
        await audit.record(trx, by, {
          action: "auth.bootstrap",
          target: { kind: "user", id },
        });
        return startSession(trx, { id, username }, "admin", client);
      });
      bootstrapHash = null;
      return started;
    },

    async createFirstAdmin(username, password) {
      if (await anyUserExists(db)) return false;
      const passwordHash = await passwords.hash(password);
      await tx.run(async (trx) => {
        const id = await insertAdmin(trx, username, passwordHash);
        await audit.record(trx, systemInitiator("configuration"), {
          action: "auth.bootstrap",
          target: { kind: "user", id },
          payload: { username },
        });
      });
      return true;
    },

    async login({ username, password }, client) {
      const name = username.trim().toLowerCase();
      const attempt = throttle.attempt(name, client.ip);
      const user = await findUser(db, name);
      const isRight = await passwords.isRight(
        password,
        user?.password_hash ?? null,
      );
      if (user === undefined || !isRight || user.disabled_at !== null) {
        if (attempt.isLast) await recordThrottling(client.by, user?.id);
        throw new AppError("login_failed");
      }
      const started = await tx.run(async (trx) => {
        const by = { ...client.by, id: user.id, name: user.username };
        await audit.record(trx, by, {
          action: "auth.login",
          target: { kind: "user", id: user.id },
        });
        return startSession(trx, user, user.role, client);
      });
      attempt.succeeded();
      return started;
    },

    async confirm({ username, userId }, password, by) {
      const attempt = throttle.attempt(username, by.ip ?? "");
      const user = await findUser(db, username);
      const hash = user?.id === userId ? user.password_hash : null;
      if (!(await passwords.isRight(password, hash))) {
        if (attempt.isLast) await recordThrottling(by, userId);
        throw new AppError("password_wrong");
      }
      attempt.succeeded();
    },

    async logout(sessionId, by) {
      await tx.run(async (trx) => {
        await deleteSession(trx, sessionId);
        await audit.record(trx, by, { action: "auth.logout" });
      });
      events.emit({ type: "session.ended", sessionId });
    },

    async sessionOf(token) {
      const session = await findActiveSession(
        db,
        { tokenHash: sha256(token) },
        now(),
      );
      if (session === undefined) return null;
      const age = clock.now() - Date.parse(session.lastSeenAt);
      if (age >= touchAfterMs) await touchSession(db, session.sessionId, now());
      return session;
    },

    async actorOfSession(sessionId) {
      return (await findActiveSession(db, { sessionId }, now())) ?? null;
    },

    async resetPassword(username, newPassword) {
      const user = await findUser(db, username);
      if (user === undefined) {
        throw new AppError("not_found", {
          message: `There is no user ${username}.`,
        });
      }
      const passwordHash = await passwords.hash(await newPassword());
      const ended = await tx.run(async (trx) => {
        await setPasswordHash(trx, user.id, passwordHash);
        await audit.record(trx, systemInitiator("command line"), {
          action: "user.reset_password",
          target: { kind: "user", id: user.id },
          payload: { username },
        });
        return deleteSessionsOf(trx, user.id);
      });
      for (const sessionId of ended) {
        events.emit({ type: "session.ended", sessionId });
      }
    },
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
