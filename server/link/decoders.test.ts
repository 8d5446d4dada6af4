import { expect, test } from "bun:test";
import { parseFingerprint } from "@restic-manager/shared/identity/fingerprint.ts";
import {
  fromBase64Url,
  publicKeyBytes,
} from "@restic-manager/shared/identity/keys.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import {
  decodeNkey,
  decodeNkeySeed,
} from "@restic-manager/shared/identity/nkey.ts";
import { unseal } from "@restic-manager/shared/identity/seal.ts";
import {
  openSigned,
  parseJson,
  signText,
  type SignPurpose,
} from "@restic-manager/shared/identity/signed.ts";
import * as announce from "@restic-manager/shared/protocol/announce.ts";
import * as command from "@restic-manager/shared/protocol/command.ts";
import * as config from "@restic-manager/shared/protocol/config.ts";
import * as event from "@restic-manager/shared/protocol/event.ts";
import * as hello from "@restic-manager/shared/protocol/hello.ts";
import * as protocolIdentity from "@restic-manager/shared/protocol/identity.ts";
import { parseSubject } from "@restic-manager/shared/protocol/topic.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import * as fc from "fast-check";
import { z } from "zod";
import { identityOf, verifySignature as verify } from "../identity.ts";
import { createRandom } from "../random.ts";
import { agreementKey } from "../testing/test-endpoint.ts";

/** A failure prints seed and path; with both in `fc.assert` it happens again at once. */
const runs = { seed: 20261124, numRuns: 200 };

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.json(),
  fc.base64String({ maxLength: 200 }),
  fc.constantFrom("", "null", '{"__proto__":{}}', "[".repeat(20_000)),
);

const identity = identityOf(
  new Uint8Array(32).fill(7),
  createRandom(createManualClock()),
);

const recipient = agreementKey();

const schemas = Object.entries({
  ...announce,
  ...command,
  ...config,
  ...event,
  ...hello,
  ...protocolIdentity,
}).flatMap(([name, value]) =>
  value instanceof z.ZodType ? [{ name, schema: value as z.ZodType }] : [],
);

/** The declared fields, each with any value at all. */
function nearly(schema: z.ZodType): fc.Arbitrary<unknown> {
  const shape = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const fields = Object.fromEntries(shape.map((key) => [key, fc.jsonValue()]));
  return fc.oneof(fc.record(fields, { requiredKeys: [] }), fc.jsonValue());
}

test("there are decoders to try", () => {
  expect(schemas.length).toBeGreaterThan(20);
});

for (const { name, schema } of schemas) {
  test(`${name} of any text is the message or null, signed or not [TST-03]`, () => {
    fc.assert(
      fc.property(fc.oneof(text, nearly(schema).map(stringify)), (body) => {
        const parsed = parseJson(body, schema);
        expect(parsed).not.toBeUndefined();
      }),
      runs,
    );
    fc.assert(
      fc.property(nearly(schema), (body) => {
        const { sign, publicKey } = identity;
        const signed = signText("rm-event-v1", body, sign);
        const open = (purpose: SignPurpose) =>
          openSigned(purpose, signed, publicKey, verify, schema);
        expect(open("rm-event-v1")).toEqual(parseJson(signed.b, schema));
        expect(open("rm-command-v1")).toBeNull();
      }),
      { ...runs, numRuns: 20 },
    );
  });
}

test("texts of subjects, keys, tokens and fingerprints that mean nothing are null [TST-03]", () => {
  const decoders = [
    parseSubject,
    parseFingerprint,
    fromBase64Url,
    publicKeyBytes,
    readNatsJwt,
    (value: string) => decodeNkey("user", value),
    (value: string) => decodeNkeySeed("user", value),
  ];
  const likely = fc.oneof(
    text,
    text.map((part) => `rm.v1.${part}.evt.${part}`),
    text.map((part) => `SHA256:${part}`),
    text.map((part) => `a.${part}.c`),
    fc.string({ maxLength: 60 }).map((part) => `U${part.toUpperCase()}`),
  );
  fc.assert(
    fc.property(likely, (value) => {
      for (const decode of decoders) expect(decode(value)).not.toBeUndefined();
    }),
    { ...runs, numRuns: 1000 },
  );
});

test("signatures, keys and boxes of any bytes open nothing [TST-03]", () => {
  const bytes = fc.uint8Array({ maxLength: 160 });
  fc.assert(
    fc.property(bytes, bytes, text, (key, other, body) => {
      expect(verify(key, other, other)).toBe(false);
      const signed = { b: body, s: other.toBase64() };
      expect(
        openSigned("rm-event-v1", signed, key, verify, z.unknown()),
      ).toBeNull();
      expect(unseal(Uint8Array.of(1, ...other), recipient, body)).toBeNull();
    }),
    runs,
  );
});

const stringify = (value: unknown) => JSON.stringify(value);
