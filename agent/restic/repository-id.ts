import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";

const resticConfig = z.object({ id: z.string() });

/** restic's own id of a repository, from `cat config`; null when it did not say it. */
export function parseRepositoryId(stdout: string): string | null {
  return parseJson(stdout, resticConfig)?.id ?? null;
}
