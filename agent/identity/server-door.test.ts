import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trustIn } from "../platform/trust.ts";
import {
  makeCertificates,
  pemOf,
  type Certificate,
} from "../testing/certificates.ts";
import { createServerDoor } from "./server-door.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-door-"));
afterAll(() => rmSync(dir, { recursive: true }));
const certificates = makeCertificates(dir);
const { authority, good, wrongName, expired, selfSigned } = certificates;

const server = {
  public_key: "A".repeat(43),
  fingerprint: `SHA256:${"0".repeat(64)}`,
  server_time: "2026-01-01T00:00:00.000Z",
  protocol_min: 1,
  protocol_max: 1,
};

/** What one that asks a server who it is gets to read; `known` when it is told. */
async function asking(
  answer: () => Response,
  certificate?: Certificate,
  pem?: string,
): Promise<string> {
  const web = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: answer,
    ...(certificate === undefined
      ? {}
      : {
          tls: {
            cert: Bun.file(certificate.certificate),
            key: Bun.file(certificate.key),
          },
        }),
  });
  const door = createServerDoor({
    server: () => web.url.href,
    trust: pem === undefined ? null : trustIn(pem),
    signal: new AbortController().signal,
  });
  const words = await door
    .identity()
    .then(() => "known")
    .catch((error: Error) => error.message);
  await web.stop(true);
  return words.replaceAll(web.url.host, "HOST");
}

const known = () => Response.json(server);
const pemsOf = (...some: Certificate[]) => some.map(pemOf).join("");

describe("a certificate", () => {
  test.each([
    ["signed by the authority", good, pemsOf(authority)],
    ["pinned itself, whoever signed it", good, pemsOf(good)],
    ["pinned itself, for another name", wrongName, pemsOf(wrongName)],
    ["signed by itself and pinned", selfSigned, pemsOf(selfSigned)],
    ["among several in the file", good, pemsOf(selfSigned, authority)],
  ])("%s is accepted", async (_name, certificate, pem) => {
    expect(await asking(known, certificate, pem)).toBe("known");
  });

  test.each([
    [
      "of an authority nobody knows",
      good,
      undefined,
      "The certificate of HOST is signed by an authority that this host does not know; give the authority's PEM file with --server-ca.",
    ],
    [
      "other than the pinned one",
      good,
      pemsOf(selfSigned),
      "The certificate of HOST is neither in the file that --server-ca or server_ca names nor signed by one in it; give the PEM file of the authority, or of this very certificate.",
    ],
    [
      "signed by itself",
      selfSigned,
      undefined,
      "HOST has a self-signed certificate, which this host does not know; give its PEM file with --server-ca.",
    ],
    [
      "for another name",
      wrongName,
      pemsOf(authority),
      "The certificate of HOST is for another name than 127.0.0.1; use a name that it holds, or give the certificate itself with --server-ca.",
    ],
    [
      "that has expired",
      expired,
      pemsOf(authority),
      "The certificate of HOST has expired; renew it there, or correct the clock of this host.",
    ],
  ])(
    "%s is refused in a plain sentence",
    async (_name, certificate, pem, words) => {
      expect(await asking(known, certificate, pem)).toBe(words);
    },
  );

  test("file without a certificate is none", () => {
    expect(trustIn("")).toBeNull();
    expect(trustIn(pemOf(good).replace("MII", "AAA"))).toBeNull();
  });
});

describe("an answer that is not the server's", () => {
  const page = (status: number) => () =>
    new Response("<html>", {
      status,
      headers: { "content-type": "text/html" },
    });
  const proxy =
    "the proxy there does not reach the restic-manager server behind it";
  test.each([
    [page(502), `HOST answered with HTTP 502: ${proxy}`],
    [() => new Response("", { status: 503 }), `HTTP 503: ${proxy}`],
    [() => new Response("", { status: 504 }), `HTTP 504: ${proxy}`],
    [page(401), "a proxy there lets nobody pass"],
    [page(404), "HTTP 404 and a web page, not as a restic-manager server"],
    [page(200), "HTTP 200 and a web page, not as a restic-manager server"],
    [() => Response.json({}), "a known version"],
    [
      () =>
        new Response("", {
          status: 302,
          headers: { location: "https://sso.example.org/login" },
        }),
      "HOST redirects to https://sso.example.org; use that address.",
    ],
  ])("is told apart: %#", async (answer, words) => {
    expect(await asking(answer)).toContain(words);
  });

  test("neither fills the memory nor reaches the terminal as it is", async () => {
    const flood = () => {
      const piece = new Uint8Array(1024 * 1024).fill(32);
      return new Response(
        new ReadableStream({ pull: (to) => to.enqueue(piece) }),
      );
    };
    expect(await asking(flood)).toContain("HTTP 200");
    const evil = `\u001b[2J ${"x".repeat(10_000)}\nApproved.`;
    const words = await asking(() =>
      Response.json(
        { code: "internal", message: evil, request_id: "r" },
        { status: 500 },
      ),
    );
    expect(words).toMatch(/^\[2J x+ … \[\d+ more characters\]$/);
  });
});
