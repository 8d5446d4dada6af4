import { headers, type NatsConnection, wsconnect } from "@nats-io/nats-core";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { signedText } from "@restic-manager/shared/identity/signed.ts";
import {
  approval,
  serverIdentity,
} from "@restic-manager/shared/protocol/announce.ts";
import { sessionAnswer } from "@restic-manager/shared/protocol/identity.ts";
import {
  inboxPrefix,
  type Subject,
} from "@restic-manager/shared/protocol/topic.ts";
import type { TestAgent } from "./test-agent.ts";
import { settle } from "./test-endpoint.ts";

/** What an agent has to tell, in order: each row is kept until the broker has it, and sent again after that. */
export interface BrokerAgent {
  readonly agent: TestAgent;
  /** Rows that no broker has taken. */
  waiting(): number;
  put(subject: Subject, kind: string, p: unknown): void;
  /** Connects to the server at `url` and sends what waits, until the connection ends. */
  connect(url: string): Promise<void>;
  /** Ends the connection, when there is one. */
  close(): Promise<void>;
}

/** An approved agent that speaks to a real server through its real front door. */
export function createBrokerAgent(agent: TestAgent): BrokerAgent {
  const rows: { seq: number; subject: Subject; text: string }[] = [];
  let seq = 0;
  let live: NatsConnection | null = null;

  async function logIn(url: string): Promise<string> {
    const read = async (response: Promise<Response>): Promise<unknown> =>
      (await response).json();
    const server = serverIdentity.parse(
      await read(fetch(`${url}/api/agents/server`)),
    );
    const answer = await read(
      fetch(`${url}/api/agents/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: agent.signed("rm-session-v1", {
          v: 1,
          public_key: agent.publicKeyText,
          server_key: server.public_key,
          t: server.server_time,
          nonce: "0".repeat(16),
        }),
      }),
    );
    const { b } = signedText.parse(sessionAnswer.parse(answer).approval);
    return approval.parse(JSON.parse(b)).jwt;
  }

  async function deliver(connection: NatsConnection): Promise<void> {
    while (!connection.isClosed()) {
      const [row] = rows;
      if (row === undefined) return;
      const id = headers();
      id.set("Nats-Msg-Id", `${agent.epoch}:${row.seq}`);
      const answer = connection.request(row.subject, row.text, {
        headers: id,
        timeout: 5000,
      });
      const taken = await answer.catch(() => null);
      if (taken !== null) rows.shift();
      // Nobody takes it before the server has made its streams.
      else await settle();
    }
  }

  return {
    agent,
    waiting: () => rows.length,
    put(subject, kind, p) {
      seq += 1;
      rows.push({ seq, subject, text: agent.event(seq, kind, p).text });
    },
    async connect(url) {
      const jwt = await logIn(url);
      live = await wsconnect({
        servers: `${url.replace("http", "ws")}/nats`,
        authenticator: (nonce) => ({
          jwt,
          nkey: encodeNkey("user", agent.publicKey),
          sig: toBase64Url(agent.sign(new TextEncoder().encode(nonce ?? ""))),
        }),
        inboxPrefix: inboxPrefix(agent.hostId),
        reconnect: false,
        ignoreClusterUpdates: true,
      });
      await deliver(live);
    },
    async close() {
      await live?.close();
    },
  };
}
