import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A secret that is looked for everywhere. */
export interface Canary {
  readonly name: string;
  readonly text: string;
  /** Names of the files it may be in. */
  readonly mayBeIn?: RegExp;
}

/** Something that may have caught one. */
export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

/** `canary in place`, for every canary that is where it must not be, in whatever spelling. */
export function found(
  canaries: readonly Canary[],
  places: readonly Place[],
): string[] {
  return canaries.flatMap(({ name, text, mayBeIn }) => {
    const forms = spellings(text);
    return places
      .filter((place) => mayBeIn?.test(place.name) !== true)
      .filter(({ bytes }) => forms.some((form) => bytes.includes(form)))
      .map((place) => `${name} in ${place.name}`);
  });
}

/** Everything below a folder but unpacked executables, which are the same on every machine and verified at each start. */
export function filesBelow(dir: string): Place[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((name) => !/\/bin\/[^/]+$/.test(name))
    .map((name) => ({ name, bytes: readFileSync(name) }));
}

export const place = (name: string, value: unknown): Place => ({
  name,
  bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
});

/** A text as it is, and in every spelling in which it could get somewhere by accident. */
export function spellings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const once = inJson(text);
  return [
    text,
    once,
    inJson(once),
    inJson(inJson(once)),
    encodeURIComponent(text),
    new URLSearchParams({ x: text }).toString().slice(2),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...["base64", "base64url"].flatMap((encoding) =>
      [0, 1, 2].map((shift) => inBase64(bytes, shift, encoding as "base64")),
    ),
    text.toUpperCase(),
    [...text].toReversed().join(""),
  ].map((form) => Buffer.from(form));
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** What is the same in base64 whatever stands before and behind it. */
function inBase64(bytes: Buffer, shift: number, encoding: "base64"): string {
  const coded = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding);
  return coded.slice(shift === 0 ? 0 : 4, -4);
}
