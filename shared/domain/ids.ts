import { z } from "zod";

/** Made by the server, never the host's name: it is the NATS user's JWT name and a subject token. */
export const hostId = z.string().regex(/^h[a-z0-9]{12,30}$/);

/** Job ids are minted by the server, or by the agent for a run it started itself. */
export const ulidText = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);

/** RFC 3339 UTC, as `toTimestamp` writes it. */
export const timestamp = z.iso.datetime();

/** Full snapshot id: 64 hex digits. */
export const snapshotId = z.string().regex(/^[0-9a-f]{64}$/);

/** Names one run of an agent's event numbering: new with every install and every lost state file. */
export const epoch = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
