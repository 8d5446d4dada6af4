import type { Secrets } from "../../ports/secrets.ts";

/** Whose hook: of a host for all its source groups, or of one group. */
export interface HookOwner {
  readonly kind: "host" | "group";
  readonly id: string;
}

export type HookSlot = "pre" | "post";

export interface HookBox {
  seal(owner: HookOwner, slot: HookSlot, text: string): Uint8Array;
  /** Null when it cannot be read: it was changed, moved, or sealed under another key. */
  open(owner: HookOwner, slot: HookSlot, box: Uint8Array): string | null;
}

export function createHookBox(secrets: Secrets): HookBox {
  const binding = ({ kind, id }: HookOwner, slot: HookSlot) =>
    `${kind}/${id}/${slot}`;
  return {
    seal: (owner, slot, text) =>
      secrets.seal(
        "hook",
        binding(owner, slot),
        new TextEncoder().encode(text),
      ),
    open(owner, slot, box) {
      try {
        return new TextDecoder().decode(
          secrets.open("hook", binding(owner, slot), box),
        );
      } catch {
        return null;
      }
    },
  };
}
