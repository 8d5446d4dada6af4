/**
 * NATS' text form of an Ed25519 key: base32 (no padding) of prefix ‖ 32 bytes ‖ CRC-16/XMODEM (little-endian).
 * A public key starts with O, A or U, a seed with S and the same letter.
 */
export type NkeyKind = "operator" | "account" | "user";

const prefixes: Record<NkeyKind, number> = {
  operator: 14 << 3,
  account: 0,
  user: 20 << 3,
};
const seedPrefix = 18 << 3;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The public key text of 32 raw bytes, 56 characters. */
export function encodeNkey(kind: NkeyKind, publicKey: Uint8Array): string {
  return withChecksum([prefixes[kind]], publicKey);
}

/** The 32 raw bytes of a public key text of that kind, or null when it is anything else. */
export function decodeNkey(kind: NkeyKind, text: string): Uint8Array | null {
  const bytes = checked(text, 1 + 32);
  return bytes !== null && bytes[0] === prefixes[kind] ? bytes.slice(1) : null;
}

/** The secret seed text of 32 raw bytes, 58 characters. */
export function encodeNkeySeed(kind: NkeyKind, seed: Uint8Array): string {
  return withChecksum(seedPrefixOf(kind), seed);
}

/** The 32 raw bytes of a seed text of that kind, or null when it is anything else. */
export function decodeNkeySeed(
  kind: NkeyKind,
  text: string,
): Uint8Array | null {
  const bytes = checked(text, 2 + 32);
  const [first, second] = seedPrefixOf(kind);
  return bytes !== null && bytes[0] === first && bytes[1] === second
    ? bytes.slice(2)
    : null;
}

/** RFC 4648 base32 without padding. */
export function toBase32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((buffer >> bits) & 31);
    }
  }
  return bits > 0 ? text + alphabet.charAt((buffer << (5 - bits)) & 31) : text;
}

function fromBase32(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return null;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >> bits) & 255;
    }
  }
  return bytes;
}

/** Packs both prefixes into 16 bits, so that the second letter of a seed shows its kind. */
function seedPrefixOf(kind: NkeyKind): [number, number] {
  const prefix = prefixes[kind];
  return [seedPrefix | (prefix >> 5), (prefix & 31) << 3];
}

function withChecksum(prefix: readonly number[], key: Uint8Array): string {
  if (key.length !== 32)
    throw new RangeError(`an nkey holds 32 bytes, not ${key.length}`);
  const body = Uint8Array.of(...prefix, ...key);
  const crc = crc16(body);
  return toBase32(Uint8Array.of(...body, crc & 255, crc >> 8));
}

function checked(text: string, length: number): Uint8Array | null {
  const bytes = fromBase32(text);
  // The second comparison refuses a different spelling of the same bytes (left-over bits of the last letter).
  if (bytes?.length !== length + 2 || toBase32(bytes) !== text) return null;
  const body = bytes.slice(0, length);
  const crc = crc16(body);
  return bytes[length] === (crc & 255) && bytes[length + 1] === crc >> 8
    ? body
    : null;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i++)
      crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
