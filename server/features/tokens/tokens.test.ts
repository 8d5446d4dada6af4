import { beforeEach, describe, expect, test } from "bun:test";
import type { TokenMade } from "@restic-manager/shared/api/tokens.ts";
import { codeOf } from "../../testing/hosts-world.ts";
import {
  createTestTokens,
  tokenBody,
  tokensPath,
} from "../../testing/test-tokens.ts";
import type { TestTokens } from "../../testing/test-tokens.ts";
let tokens: TestTokens;

beforeEach(async () => {
  tokens = await createTestTokens();
});

/** Every value of every table, as text. */
async function everythingStored(): Promise<string> {
  const tables = await tokens.db.introspection.getTables();
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await tokens.db
      .selectFrom(name as "hosts")
      .selectAll()
      .execute();
    for (const value of rows.flatMap((row) => Object.values(row)))
      texts.push(
        value instanceof Uint8Array
          ? new TextDecoder("latin1").decode(value)
          : String(value),
      );
  }
  return texts.join("\n");
}

describe("making a token", () => {
  test("shows token, command, script and minted secrets once; nothing of them is stored in clear [ENR-09] [ENR-12]", async () => {
    const made = await tokens.make();
    expect(made.token).toMatch(/^rmt_[0-9A-Z]{26}_[\w-]{43}$/);
    expect(made.script_name).toBe("install-attic.sh");
    expect(made.minted_password).toMatch(/^[\w-]{32}$/);
    expect(made.minted_user_password).toMatch(/^[\w-]{32}$/);
    expect(made.minted_user_password).not.toBe(made.minted_password);
    const stored = await everythingStored();
    expect(stored).toContain(made.id);
    for (const secret of [
      made.token,
      made.token.slice(-43),
      made.minted_password,
      made.minted_user_password,
    ])
      expect(stored).not.toContain(String(secret));
    const again = await tokens.request(tokensPath, { headers: tokens.admin });
    const text = await again.text();
    expect(text).toContain("attic");
    for (const secret of [made.token, made.minted_password, "$2y$"])
      expect(text).not.toContain(String(secret));
    expect(tokens.logLines.join("\n")).not.toContain(made.token.slice(-43));
  });

  test("the htpasswd line is a bcrypt hash of the login's password, as Apache writes it [ENR-12]", async () => {
    const { htpasswd, minted_user_password } = await tokens.make();
    const [user, hash] = (htpasswd ?? "").split(":");
    expect(user).toBe("attic");
    expect(hash).toMatch(/^\$2y\$10\$[./A-Za-z0-9]{53}$/);
    const isRight = Bun.password.verify(
      minted_user_password ?? "",
      (hash ?? "").replace("$2y$", "$2b$"),
    );
    expect(await isRight).toBe(true);
  });

  test("what a person gives is not minted, and an existing repository needs its password", async () => {
    const made = await tokens.make(
      tokenBody({ password: "correct horse", user_password: "battery" }),
    );
    expect(made).toMatchObject({
      minted_password: null,
      minted_user_password: null,
      htpasswd: null,
    });
    const response = await tokens.post(tokenBody({}, { mode: "existing" }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      fields: { "repository.credential.password": { code: "required" } },
    });
    const colon = await tokens.post(tokenBody({ username: "a:b" }));
    expect(await colon.json()).toMatchObject({
      fields: { "repository.credential.username": { code: "invalid" } },
    });
  });

  test("a hundred may wait, the next one is refused until one is revoked", async () => {
    const body = tokenBody({ password: "p", user_password: "u" });
    const made: TokenMade[] = [];
    for (let i = 0; i < 100; i++) made.push(await tokens.make(body));
    expect(await codeOf(tokens.post(body))).toBe("409 tokens_full");
    const revoke = (id: string) =>
      tokens.send("DELETE", `${tokensPath}/${id}`, {}, tokens.admin);
    expect((await revoke(made[0]?.id ?? "")).status).toBe(204);
    expect(await codeOf(revoke(made[0]?.id ?? ""))).toBe("404 token_not_found");
    expect((await tokens.post(body)).status).toBe(201);
    expect(await tokens.audited("token.revoke")).toHaveLength(1);
  });
});
