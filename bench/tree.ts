import { createCipheriv } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const mebi = 1024 * 1024;

/**
 * Writes about `bytes` of mixed data, the same in every run: 45 % large files that neither compress nor repeat (photos,
 * films), 25 % text that compresses well (logs, mail), 20 % small files (source trees), 10 % copies of earlier data.
 */
export function writeMixedTree(dir: string, bytes: number): void {
  const noise = keystream();
  const share = (part: number) => Math.floor(bytes * part);
  writeFiles(join(dir, "photos"), share(0.45), 8 * mebi, noise);
  writeFiles(join(dir, "logs"), share(0.25), 2 * mebi, (size) =>
    text(size, noise),
  );
  writeFiles(join(dir, "code"), share(0.2), 16 * 1024, (size) =>
    text(size, noise),
  );
  const repeated = noise(4 * mebi);
  writeFiles(join(dir, "copies"), share(0.1), 4 * mebi, () => repeated);
}

function writeFiles(
  dir: string,
  bytes: number,
  fileSize: number,
  content: (size: number) => Uint8Array,
): void {
  const count = Math.max(1, Math.round(bytes / fileSize));
  for (let index = 0; index < count; index += 1) {
    const folder = join(dir, String(Math.floor(index / 250)));
    if (index % 250 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${index}`), content(fileSize));
  }
}

/** Bytes as good as random, from a fixed seed, faster than a disk. */
function keystream(): (size: number) => Buffer {
  const cipher = createCipheriv(
    "aes-128-ctr",
    Buffer.alloc(16, 1),
    Buffer.alloc(16, 2),
  );
  const zeros = Buffer.alloc(8 * mebi);
  return (size) => cipher.update(zeros.subarray(0, size));
}

/** Lines that differ a little, as logs and source do: about four to one under zstd. */
function text(size: number, noise: (size: number) => Buffer): Buffer {
  const random = noise(Math.ceil(size / 80) * 8).toString("hex");
  const lines: string[] = [];
  for (let at = 0, length = 0; length < size; at += 16) {
    const line = `2026-11-24T02:${String(at % 60).padStart(2, "0")} host service[${at % 997}]: request ${random.slice(at, at + 16)} done ok\n`;
    lines.push(line);
    length += line.length;
  }
  return Buffer.from(lines.join("")).subarray(0, size);
}
