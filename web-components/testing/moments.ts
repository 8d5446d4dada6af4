/** The moment at which the seeded world is seen. */
export const now = Date.UTC(2026, 10, 22, 9, 41, 20);

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const MB = 1e6;
export const GB = 1e9;

export function at(ms: number): string {
  return new Date(ms).toISOString();
}

/** A ULID that names what it is of; its last six characters differ with the name. */
export function id(name: string): string {
  const letters = name
    .toUpperCase()
    .replaceAll(/[^0-9A-HJKMNP-TV-Z]/g, "0")
    .padEnd(14, "0")
    .slice(0, 14);
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let hash = [...name].reduce(
    (sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 2 ** 30,
    7,
  );
  let tail = "";
  for (let index = 0; index < 6; index += 1) {
    tail += alphabet[hash % 32];
    hash = Math.floor(hash / 32);
  }
  return `01JDAB${letters}${tail}`;
}
