/** One file in a tar archive. */
export interface TarFile {
  /** Path without a slash in front. */
  readonly name: string;
  readonly size: number;
  /** Permissions with setuid, setgid and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the Unix epoch. */
  readonly modified: number;
}

const tarBlock = 512;
/** The end of an archive, as restic writes it. */
export const tarEnd = new Uint8Array(2 * tarBlock);

const nameBytes = 100;
const largestOctal7 = 0o7777777;
const largestOctal11 = 0o77777777777;

/** What stands before the content of a file: POSIX.1-2001, with an extended header for what the old one cannot hold. */
export function tarHeader(file: TarFile): Uint8Array {
  const name = bytesOf(file.name);
  const isPlain = name.length <= nameBytes && /^[\x20-\x7e]*$/.test(file.name);
  const records = [
    isPlain ? "" : record("path", file.name),
    file.size > largestOctal11 ? record("size", String(file.size)) : "",
    file.uid > largestOctal7 ? record("uid", String(file.uid)) : "",
    file.gid > largestOctal7 ? record("gid", String(file.gid)) : "",
  ].join("");
  const header = block(file, name.subarray(0, nameBytes), "0");
  if (records === "") return header;
  const body = bytesOf(records);
  const extended: TarFile = { ...file, size: body.length, mode: 0o644 };
  return joined([
    block(extended, bytesOf("PaxHeaders.0"), "x"),
    body,
    padding(body.length),
    header,
  ]);
}

/** What fills the last block of a content of so many bytes. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((tarBlock - (size % tarBlock)) % tarBlock);
}

function block(file: TarFile, name: Uint8Array, type: "0" | "x"): Uint8Array {
  const bytes = new Uint8Array(tarBlock);
  const put = (at: number, text: string) => bytes.set(bytesOf(text), at);
  bytes.set(name);
  put(100, octal(file.mode, 7));
  put(108, octal(file.uid, 7));
  put(116, octal(file.gid, 7));
  put(124, octal(file.size, 11));
  put(136, octal(Math.max(0, file.modified), 11));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\x0000");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return bytes;
}

/** What does not fit stands in the extended header. */
function octal(value: number, digits: number): string {
  const text = value.toString(8);
  return text.length > digits ? "0".repeat(digits) : text.padStart(digits, "0");
}

/** Its own length, which counts too, in front. */
function record(key: string, value: string): string {
  const rest = bytesOf(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length)
    length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
