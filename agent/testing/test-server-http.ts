import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import {
  fromBase64Url,
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { unseal } from "@restic-manager/shared/identity/seal.ts";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
  type SignPurpose,
} from "@restic-manager/shared/identity/signed.ts";
import {
  announceDocument,
  possessionProof,
  tokenContext,
  type AnnounceDocument,
  type Approval,
} from "@restic-manager/shared/protocol/announce.ts";
import {
  sessionRequest,
  type Refusal,
} from "@restic-manager/shared/protocol/identity.ts";
import type { ServerWebSocket } from "bun";
import type { z } from "zod";
import { systemClock } from "../clock.ts";
import {
  agreementKey,
  verifySignature,
  type SigningKey,
} from "../identity/keys.ts";
import type { KeyStanding } from "./test-server-keys.ts";

/** The HTTP side of a test server: who it is, announcing, and the WebSocket to the broker. */
export interface AgentHttp {
  readonly url: string;
  /** The last announcement. */
  announced(): AnnounceDocument | null;
  /** What the waiting agent is told. */
  decide(decision: "pending" | "approved" | "rejected"): void;
  /** How many announcements came. */
  announcements(): number;
  /** How many times a fresh approval was asked for without a connection. */
  sessions(): number;
  /** Changes answers on their way, as somebody in between would. */
  tamper(
    change:
      | ((
          path: string,
          body: Record<string, unknown>,
        ) => Record<string, unknown>)
      | null,
  ): void;
  /** Closes the door and cuts every connection; `open` opens it again at the same address. */
  close(): Promise<void>;
  open(): void;
  stop(): Promise<void>;
}

export interface AgentHttpDeps {
  readonly key: SigningKey;
  readonly natsUrl: string;
  readonly approve: (publicKey: string) => Approval;
  readonly standing: (publicKey: string) => KeyStanding;
}

/** The one-time token this server takes. */
export const goodToken = `rmt_01ARZ3NDEKTSV4RRFFQ69G5FAV_${"s".repeat(43)}`;

interface Relay {
  upstream?: WebSocket;
  early: (string | Buffer)[];
}

export function createAgentHttp({
  key,
  natsUrl,
  approve,
  standing,
}: AgentHttpDeps): AgentHttp {
  let decision: "pending" | "approved" | "rejected" = "pending";
  let last: AnnounceDocument | null = null;
  let count = 0;
  let nonce = 0;
  let asked = 0;
  let tamper: Parameters<AgentHttp["tamper"]>[0] = null;
  const sockets = new Set<ServerWebSocket<Relay>>();
  let server = listen(0);
  const port = server.port ?? 0;

  function listen(on: number) {
    return Bun.serve<Relay>({
      port: on,
      hostname: "127.0.0.1",
      async fetch(request, self) {
        const { pathname } = new URL(request.url);
        if (pathname === "/nats")
          return self.upgrade(request, { data: { early: [] } })
            ? undefined
            : new Response("", { status: 400 });
        const body = request.method === "POST" ? await request.text() : "";
        // Like the real one, a waiting agent is held for a moment.
        if (pathname.endsWith("/wait") && decision === "pending")
          await new Promise<void>((resolve) => systemClock.after(100, resolve));
        const [status, answer] = answerTo(pathname, body);
        return Response.json(tamper?.(pathname, answer) ?? answer, { status });
      },
      websocket: {
        open(socket) {
          sockets.add(socket);
          const upstream = new WebSocket(natsUrl);
          upstream.binaryType = "nodebuffer";
          upstream.onopen = () => {
            for (const frame of socket.data.early) upstream.send(frame);
            socket.data.upstream = upstream;
          };
          upstream.onmessage = ({ data }) => void socket.send(data as Buffer);
          upstream.onclose = () => socket.close();
        },
        message(socket, frame) {
          if (socket.data.upstream === undefined) socket.data.early.push(frame);
          else socket.data.upstream.send(frame);
        },
        close(socket) {
          sockets.delete(socket);
          socket.data.upstream?.close();
        },
      },
    });
  }

  const refuse = (
    status: number,
    code: string,
  ): [number, Record<string, unknown>] => [
    status,
    { code, message: `refused: ${code}`, request_id: "r" },
  ];

  function refuseSigned(refusal: Refusal): [number, Record<string, unknown>] {
    const status = refusal.code === "host_unknown" ? 404 : 410;
    const [, body] = refuse(status, refusal.code);
    const signed = signText("rm-refusal-v1", refusal, key.sign);
    return [status, { ...body, refusal: signed }];
  }

  function open<T>(
    purpose: SignPurpose,
    text: string,
    schema: z.ZodType<T>,
    by: string,
  ): T | null {
    const signed = parseJson(text, signedText);
    const publicKey = publicKeyBytes(by);
    return signed === null || publicKey === null
      ? null
      : openSigned(purpose, signed, publicKey, verifySignature, schema);
  }

  /** A one-time token that stands for the approval is this text, sealed to `sealing`. */
  const sealing = agreementKey(new Uint8Array(32).fill(3));
  const openToken = ({ token = "", public_key }: AnnounceDocument) =>
    new TextDecoder().decode(
      unseal(
        fromBase64Url(token) ?? new Uint8Array(),
        sealing,
        tokenContext(public_key),
      ) ?? new Uint8Array(),
    );

  const signedApproval = (publicKey: string) =>
    signText("rm-approval-v1", approve(publicKey), key.sign);

  function answerTo(
    path: string,
    body: string,
  ): [number, Record<string, unknown>] {
    const now = new Date(systemClock.now()).toISOString();
    if (path === "/api/agents/server")
      return [
        200,
        {
          public_key: toBase64Url(key.publicKey),
          fingerprint: fingerprintOf(key.publicKey),
          server_time: now,
          protocol_min: 1,
          protocol_max: 1,
          seal_key: signText(
            "rm-seal-key-v1",
            {
              x25519: toBase64Url(sealing.publicKey),
              server_key: toBase64Url(key.publicKey),
            },
            key.sign,
          ),
        },
      ];
    if (path === "/api/agents/announce") {
      const signed = parseJson(body, signedText);
      const claimed =
        signed === null ? null : parseJson(signed.b, announceDocument);
      last =
        claimed === null
          ? null
          : open("rm-announce-v1", body, announceDocument, claimed.public_key);
      if (last === null) return refuse(403, "signature_invalid");
      count++;
      if (last.token !== undefined) {
        if (openToken(last) !== goodToken) return refuse(403, "token_invalid");
        decision = "approved";
      }
      const fingerprint = fingerprintOf(
        publicKeyBytes(last.public_key) ?? new Uint8Array(),
      );
      return [
        200,
        {
          pending_id: "p1",
          fingerprint,
          nonce: `n${++nonce}`,
          hostname_collision: false,
          expires_at: now,
        },
      ];
    }
    if (path === "/api/agents/session") {
      asked++;
      const { public_key = "" } =
        parseJson(
          parseJson(body, signedText)?.b ?? "",
          sessionRequest.partial(),
        ) ?? {};
      const request = open("rm-session-v1", body, sessionRequest, public_key);
      if (request?.server_key !== toBase64Url(key.publicKey))
        return refuse(403, "signature_invalid");
      const known = standing(public_key);
      if (known !== "approved")
        return refuseSigned({ code: known, public_key, about: request.nonce });
      return [200, { approval: signedApproval(public_key) }];
    }
    if (path !== "/api/agents/announce/p1/wait" || last === null)
      return refuse(404, "pending_not_found");
    const proof = open("rm-proof-v1", body, possessionProof, last.public_key);
    if (proof?.nonce !== `n${nonce}`) return refuse(403, "nonce_invalid");
    if (decision === "rejected")
      return refuseSigned({
        code: "rejected",
        public_key: last.public_key,
        about: proof.challenge,
      });
    if (decision === "pending")
      return [
        200,
        { status: "pending", nonce: `n${++nonce}`, expires_at: now },
      ];
    return [
      200,
      {
        status: "approved",
        approval: signedApproval(last.public_key),
      },
    ];
  }

  return {
    url: `http://127.0.0.1:${port}`,
    announced: () => last,
    decide: (next) => void (decision = next),
    announcements: () => count,
    sessions: () => asked,
    tamper: (change) => void (tamper = change),
    async close() {
      for (const socket of sockets) socket.terminate();
      await server.stop(true);
    },
    open() {
      server = listen(port);
    },
    stop: () => server.stop(true),
  };
}
