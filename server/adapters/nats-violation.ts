import type { Violation } from "../ports/violation.ts";

/**
 * A line in which nats-server says that it refused a client a subject; it tells nobody in any other way. Everything a
 * client can choose stands between quotes, in which nats-server escapes quotes and control characters, so read from its
 * beginning the line has one meaning. Its name for the user is what the client called itself, whatever its login says:
 * only the number of the connection is to be believed.
 */
const quoted = String.raw`"((?:[^"\\]|\\.)*)"`;
const line = new RegExp(
  String.raw`^\[(\d+)\] \S+ \S+ \[ERR\] \S+ - cid:(\d+) - (?:${quoted} - )*(Publish|Subscription) Violation - (?:Subject|Reply) ${quoted}`,
);

/** The attempt that a line of nats-server tells of, or null when it tells of something else. */
export function readViolation(text: string): Violation | null {
  if (!text.includes(" Violation - ")) return null;
  const [, pid, cid, , act, subject] = line.exec(text) ?? [];
  if (pid === undefined || cid === undefined || subject === undefined)
    return null;
  return {
    // Each process numbers its connections from 1.
    connection: `${pid}/${cid}`,
    act: act === "Publish" ? "publish" : "subscribe",
    subject,
  };
}

/**
 * What a line says of a client in nats-server's own words, or null when it is about no client: clients can make it write
 * such a line as often as they like, with other names and bytes each time.
 */
export function troubleOf(text: string): string | null {
  if (!/ - cid:\d+ - /.test(text)) return null;
  const own = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  return own
    .slice(own.indexOf(" - cid:"))
    .replaceAll(/[^A-Za-z ]/g, "")
    .slice(0, 60);
}

const storeFailure = /^\[\d+\] \S+ \S+ \[ERR\] JetStream failed to store/;

/** Whether the broker says of itself that it could not write: further on in a line stands what clients choose. */
export function isStoreFailure(text: string): boolean {
  return storeFailure.test(text);
}
