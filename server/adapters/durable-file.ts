import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";

/** Puts a finished draft in its place: whole or not there at all, whenever the machine stops. */
export function putInPlace(draft: string, path: string): void {
  sync(draft);
  renameSync(draft, path);
  sync(dirname(path));
}

/** Copies a file that only its owner may read. */
export function copyFileInPlace(from: string, to: string): void {
  const draft = `${to}.new`;
  rmSync(draft, { force: true });
  try {
    copyFileSync(from, draft);
    chmodSync(draft, 0o600);
    putInPlace(draft, to);
  } finally {
    rmSync(draft, { force: true });
  }
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
