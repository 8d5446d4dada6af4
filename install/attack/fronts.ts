import { agentDoorFront } from "./agent-door.ts";
import type { Front } from "./attack.ts";
import { brokerFront } from "./broker.ts";
import { browserFront } from "./browser.ts";
import { commandsFront } from "./commands.ts";
import { downloadsFront } from "./downloads.ts";
import { eventsFront } from "./events.ts";
import { framesFront } from "./frames.ts";
import { injectionFront } from "./injection.ts";
import { repliesFront } from "./replies.ts";
import { withdrawnFront } from "./withdrawn.ts";
import { tokensFront } from "./tokens.ts";

/** What is tried at the same time; fronts of one strand follow one another, because they are known by the same log line. */
export const strands: readonly (readonly Front[])[] = [
  [brokerFront],
  [eventsFront, repliesFront],
  [commandsFront],
  [framesFront],
  [agentDoorFront],
  [withdrawnFront],
  [tokensFront],
  [browserFront],
  [downloadsFront],
  [injectionFront],
];

/** Everything that is tried, in the order of `docs/security.md`. */
export const fronts: readonly Front[] = strands.flat();
