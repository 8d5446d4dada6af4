import type { Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import { clientOf } from "../../client-of.ts";

/**
 * Slows down guessing. Three things count failures: a user name from one address, an address whatever the name, and a
 * user name whatever the address. Past its limit each lets one try through, and makes the next wait twice as long.
 * A user who logged in from an address before is not kept out there by what other addresses do.
 */
export interface LoginThrottle {
  /**
   * Counts a try as failed until it is said to have succeeded, so that many at once are no way around.
   *
   * @throws AppError `login_throttled`, with the seconds to wait
   */
  attempt(username: string, address: string): LoginAttempt;
}

export interface LoginAttempt {
  /** True for the try with which the waiting begins. */
  readonly isLast: boolean;
  succeeded(): void;
}

interface Tries {
  failures: number;
  lastAt: number;
  waitUntil: number;
  hasLoggedIn: boolean;
}

const limits = { pair: 20, address: 100, user: 100 };
const firstWaitMs = 5_000;
const longestWaitMs = 15 * 60_000;
const forgetAfterMs = 3_600_000;

/** @param maxEntries names and addresses that are remembered; the ones unused for longest go first */
export function createLoginThrottle(
  clock: Clock,
  maxEntries = 10_000,
): LoginThrottle {
  const entries = new Map<string, Tries>();

  function find(key: string): Tries {
    const known = entries.get(key);
    const isFresh =
      known !== undefined && clock.now() - known.lastAt < forgetAfterMs;
    return isFresh
      ? known
      : {
          failures: 0,
          lastAt: clock.now(),
          waitUntil: 0,
          hasLoggedIn: known?.hasLoggedIn ?? false,
        };
  }

  function keep(key: string, tries: Tries): void {
    entries.delete(key);
    entries.set(key, tries);
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
  }

  /** Returns whether the waiting begins with this failure. */
  function count(key: string, tries: Tries, limit: number): boolean {
    const now = clock.now();
    tries.failures += 1;
    tries.lastAt = now;
    const above = tries.failures - limit;
    if (above >= 0) {
      tries.waitUntil = now + Math.min(firstWaitMs * 2 ** above, longestWaitMs);
    }
    keep(key, tries);
    return above === 0;
  }

  return {
    attempt(username, address) {
      const client = clientOf(address);
      const keys = {
        pair: `pair ${client} ${username}`,
        address: `address ${client}`,
        user: `user ${username}`,
      };
      const isAtHome = find(keys.pair).hasLoggedIn;
      const counters = [
        { key: keys.pair, limit: limits.pair },
        { key: keys.address, limit: limits.address },
        ...(isAtHome ? [] : [{ key: keys.user, limit: limits.user }]),
      ].map((counter) => ({ ...counter, tries: find(counter.key) }));

      const until = Math.max(...counters.map(({ tries }) => tries.waitUntil));
      if (until > clock.now()) throw throttled(until - clock.now());
      const begins = counters.map(({ key, tries, limit }) =>
        count(key, tries, limit),
      );

      return {
        isLast: begins.includes(true),
        succeeded() {
          entries.delete(keys.user);
          keep(keys.pair, {
            failures: 0,
            lastAt: clock.now(),
            waitUntil: 0,
            hasLoggedIn: true,
          });
          // Somebody with an account must not buy tries at other accounts by logging in.
          const tries = find(keys.address);
          tries.failures = Math.max(0, tries.failures - 1);
          if (tries.failures < limits.address) tries.waitUntil = 0;
          keep(keys.address, tries);
        },
      };
    },
  };
}

function throttled(ms: number): AppError {
  const seconds = Math.ceil(ms / 1000);
  const wait =
    seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return new AppError("login_throttled", {
    message: `Too many failed log-ins. Try again in ${wait}.`,
    retryAfterS: seconds,
  });
}
