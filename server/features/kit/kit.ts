import { Encrypter } from "age-encryption";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { KitBody } from "@restic-manager/shared/api/kit.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Actor } from "../../ports/route.ts";
import type { Transaction } from "../../ports/transaction.ts";
import { readKit } from "./contents.ts";
import type { AccessReader } from "./contents.ts";
import { kitPage } from "./page.ts";

/** Throws AppError when it is not the user's own password. */
export type ConfirmPassword = (
  actor: Actor,
  password: string,
  by: Initiator,
) => Promise<void>;

/** A power of two; each more doubles time and memory, which are half a second and 32 MiB. */
const scryptWork = 15;

export interface Kit {
  readonly name: string;
  readonly type: string;
  readonly body: Uint8Array;
}

/** Makes the recovery kit for a user who has proved again who they are. Nothing of it is kept. */
export function createKit(deps: {
  tx: Transaction;
  access: AccessReader;
  confirm: ConfirmPassword;
  audit: Audit;
  clock: Clock;
  version: string;
}): (
  body: KitBody,
  about: { actor: Actor; by: Initiator; origin: string },
) => Promise<Kit> {
  const { tx, access, confirm, audit, clock, version } = deps;

  return async ({ password, passphrase }, { actor, by, origin }) => {
    await confirm(actor, password, by);
    const madeAt = toTimestamp(clock.now());
    const entries = await tx.run(async (trx) => {
      const found = await readKit(trx, access);
      await audit.record(trx, by, {
        action: "kit.export",
        payload: {
          repositories: found.length,
          encrypted: passphrase !== undefined,
        },
      });
      return found;
    });
    const page = new TextEncoder().encode(
      kitPage(entries, {
        madeAt,
        madeBy: actor.username,
        server: origin,
        version,
      }),
    );
    const name = `recovery-kit-${madeAt.slice(0, 10)}.html`;
    if (passphrase === undefined)
      return { name, type: "text/html; charset=utf-8", body: page };
    const encrypter = new Encrypter();
    encrypter.setPassphrase(passphrase);
    encrypter.setScryptWorkFactor(scryptWork);
    const body = await encrypter.encrypt(page);
    return { name: `${name}.age`, type: "application/octet-stream", body };
  };
}
