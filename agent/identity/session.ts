import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type { Approval } from "@restic-manager/shared/protocol/announce.ts";
import type { SessionRequest } from "@restic-manager/shared/protocol/identity.ts";
import type { Random } from "../random.ts";
import type { KnownServer } from "./announce.ts";
import { openApproval, refusalIn, unsignedRefusal } from "./approval.ts";
import type { Identity } from "./identity.ts";
import type { ServerDoor } from "./server-door.ts";
import { ServerFault } from "./server-fault.ts";

/**
 * What the server makes of this key: its approval, `host_unknown` when it never approved it, `host_revoked` when the host was
 * removed or has another key by now. Throws `ServerFault`, also for a refusal that the server did not sign.
 */
export async function askSession(
  door: ServerDoor,
  { identity: server, publicKey: serverKey }: KnownServer,
  holder: Identity,
  random: Pick<Random, "id">,
): Promise<Approval | "host_unknown" | "host_revoked"> {
  const request: SessionRequest = {
    v: 1,
    public_key: toBase64Url(holder.publicKey),
    server_key: server.public_key,
    t: server.server_time,
    nonce: random.id(),
  };
  try {
    const answer = await door.session(
      signText("rm-session-v1", request, holder.sign),
    );
    return openApproval(answer.approval, serverKey, holder.publicKey);
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error;
    const { code } = error;
    if (code !== "host_unknown" && code !== "host_revoked") throw error;
    const { public_key, nonce: about } = request;
    const refused = refusalIn(error, serverKey, { code, public_key, about });
    if (refused !== "signed") throw unsignedRefusal();
    return code;
  }
}
