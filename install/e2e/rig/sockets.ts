import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Listening {
  readonly address: string;
  readonly port: number;
}

const listenState = "0A";

/** Where a process waits for connections over TCP. */
export function listening(pid: number): Listening[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(pid, fd)),
  );
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(
        (fields) =>
          fields[3] === listenState && own.has(`socket:[${fields[9]}]`),
      )
      .map((fields) => readAddress(fields[1] ?? "")),
  );
}

/** A descriptor may be closed between two reads. */
function linkOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return "";
  }
}

/** The kernel writes each 32-bit word with its lowest byte first. IPv6 stays in hex: only IPv4 is told apart here. */
function readAddress(text: string): Listening {
  const [hex = "", port = ""] = text.split(":");
  const address =
    hex.length === 8
      ? (hex.match(/../g) ?? [])
          .map((byte) => Number.parseInt(byte, 16))
          .toReversed()
          .join(".")
      : hex;
  return { address, port: Number.parseInt(port, 16) };
}
