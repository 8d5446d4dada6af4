import { parseSubject } from "@restic-manager/shared/protocol/topic.ts";
import type { BusMessage } from "../ports/bus.ts";

/** A message of the client library as the bus hands it out, or null when its subject is none of ours. */
export function toBusMessage(message: {
  readonly subject: string;
  string(): string;
}): BusMessage | null {
  const subject = parseSubject(message.subject);
  return subject === null
    ? null
    : { hostId: subject.hostId, tail: subject.tail, text: message.string() };
}
