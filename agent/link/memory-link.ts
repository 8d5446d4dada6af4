import type { Subject } from "@restic-manager/shared/protocol/topic.ts";
import { LinkError, type Connection, type Link } from "./link.ts";

/** The far end of a memory link: what a server does there. */
export interface MemoryServer {
  /** Answers requests of the agent; null leaves one without an answer. */
  onRequest(answer: (subject: string, body: string) => string | null): void;
  /** Sends a request to the agent. Null when nothing serves the subject. */
  request(subject: string, body: string): Promise<string | null>;
  /** Everything published, delivered messages once per message id. */
  received(): readonly { subject: string; body: string }[];
  /** Fails every delivery until called with false, as a full stream does. */
  refuseDeliveries(refuse: boolean): void;
  /** Fails connects until called with false. */
  refuseConnects(refuse: "unauthorized" | "unreachable" | false): void;
  /** Cuts every connection. */
  cut(): void;
}

type Answer = (subject: string, body: string) => Promise<string>;

/** Both ends of a link inside one process. */
export function createMemoryLink(): { link: Link; server: MemoryServer } {
  const received: { subject: string; body: string }[] = [];
  const messageIds = new Set<string>();
  const connections = new Set<{
    services: Map<string, Answer>;
    end: () => void;
  }>();
  let answerRequest: (subject: string, body: string) => string | null = () =>
    null;
  let refuseDeliveries = false;
  let refuseConnects: "unauthorized" | "unreachable" | false = false;

  function connect(): Connection {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const services = new Map<string, Answer>();
    let isOpen = true;
    const own = {
      services,
      end() {
        isOpen = false;
        connections.delete(own);
        resolve();
      },
    };
    connections.add(own);
    const requireOpen = () => {
      if (!isOpen) throw new LinkError("closed", "The connection is closed.");
    };

    return {
      publish(subject, body) {
        if (isOpen) received.push({ subject, body });
      },
      async request(subject, body) {
        requireOpen();
        const answer = answerRequest(subject, body);
        if (answer === null)
          throw new LinkError("no_listener", `Nobody answers ${subject}.`);
        return answer;
      },
      async deliver(subject, body, messageId) {
        requireOpen();
        if (refuseDeliveries)
          throw new LinkError("refused", "The stream is full.");
        if (messageIds.has(messageId)) return;
        messageIds.add(messageId);
        received.push({ subject, body });
      },
      serve: (pattern: Subject, answer) => void services.set(pattern, answer),
      closed,
      async close() {
        own.end();
      },
    };
  }

  return {
    link: {
      async connect() {
        if (refuseConnects !== false)
          throw new LinkError(
            refuseConnects,
            "The server refuses connections.",
          );
        return connect();
      },
    },
    server: {
      onRequest(answer) {
        answerRequest = answer;
      },
      async request(subject, body) {
        for (const { services } of connections)
          for (const [pattern, answer] of services)
            if (subject.startsWith(pattern.replace(/>$/, "")))
              return answer(subject, body);
        return null;
      },
      received: () => received,
      refuseDeliveries(refuse) {
        refuseDeliveries = refuse;
      },
      refuseConnects(refuse) {
        refuseConnects = refuse;
      },
      cut() {
        for (const connection of connections) connection.end();
      },
    },
  };
}
