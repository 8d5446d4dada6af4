import { initial } from "./0001-initial.ts";
import { identities } from "./0002-identities.ts";
import { tokens } from "./0003-tokens.ts";
import { alerts } from "./0004-alerts.ts";
import { upkeep } from "./0005-upkeep.ts";
import { recovery } from "./0006-recovery.ts";
import type { Migration } from "./migration.ts";

/** Listed by hand so that the executable carries them. The schema version is the number of migrations applied. */
export const migrations: readonly Migration[] = [
  initial,
  identities,
  tokens,
  alerts,
  upkeep,
  recovery,
];
