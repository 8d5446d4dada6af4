import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Broker } from "../ports/broker.ts";

/** The broker's part in agents' access, without a broker: JWTs that say what they are, and which keys were cut. */
export function createTestAgentAccess() {
  const cut: string[] = [];
  return {
    cut,
    issueAgentJwt: (nkey, hostId, expiresAt) =>
      `${nkey} ${hostId} ${toTimestamp(expiresAt)}`,
    agentSigner: () => "the present signer",
    revokedAt: () => null,
    revokeAgent: async (nkey) => void cut.push(nkey),
  } satisfies Partial<Broker> & { cut: string[] };
}
