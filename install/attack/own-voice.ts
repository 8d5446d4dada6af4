import { randomBytes } from "node:crypto";
import type { Lab } from "../e2e/rig/lab.ts";
import type { Host } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { type Login, signedText } from "./login.ts";
import { logInAtBroker, publishing, type RawNats } from "./raw-nats.ts";

/** What the thief may rightly do: to speak as the host whose key it has. */
export interface OwnVoice {
  /** An event as that host's agent would send it; `over` changes its envelope. */
  event(
    kind: string,
    p: unknown,
    over?: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>>;
  /** Waits until the server has read everything that was sent on that lane before. */
  isRead(nats: RawNats, lane: "evt" | "log"): Promise<void>;
}

export function createOwnVoice(
  lab: Lab,
  url: string,
  host: Host,
  login: Login,
): OwnVoice {
  const epoch = randomBytes(16).toString("base64url");
  let seq = 0;
  let asked = 0;
  const now = () => new Date().toISOString();
  const envelope = (kind: string, p: unknown) => {
    return { v: 1, host: host.id, epoch, seq, t: now(), kind, p };
  };

  /** Up to where the server has stored this numbering. */
  async function stored(): Promise<number> {
    const nats = await logInAtBroker(lab, url, login);
    const reply = `_INBOX.${host.id}.resume${(asked += 1)}`;
    const question = { host: host.id, t: now(), epoch };
    nats.send(`SUB ${reply} 1\r\n`);
    nats.send(
      publishing({
        subject: `rm.v1.${host.id}.req.resume`,
        reply,
        body: JSON.stringify(signedText("rm-request-v1", question, login)),
      }),
    );
    const [, text = ""] = await waitFor(
      "the server says what it has stored",
      () =>
        new RegExp(`MSG ${reply} 1 \\d+\\r\\n(.*?)\\r\\n`).exec(nats.said()),
    );
    nats.close();
    const { b } = JSON.parse(text) as { b: string };
    return (JSON.parse(b) as { committed: { seq: number } }).committed.seq;
  }

  return {
    event: (kind, p, over = {}) => {
      const numbers = { epoch: randomBytes(16).toString("base64url"), seq: 1 };
      return { ...envelope(kind, p), ...numbers, ...over };
    },
    async isRead(nats, lane) {
      seq += 1;
      const mine = seq;
      // Nobody knows the kind, or what is in it: it is noted as read, and that is all.
      const kind = lane === "evt" ? "attack.over" : "log";
      const tail = lane === "evt" ? `evt.${kind}` : `log.${mine}`;
      const body = signedText("rm-event-v1", envelope(kind, null), login);
      nats.send(
        publishing({
          subject: `rm.v1.${host.id}.${tail}`,
          body: JSON.stringify(body),
        }),
      );
      await waitFor(
        "the server has read it",
        async () => (await stored()) >= mine,
      );
    },
  };
}
