import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import rootPackage from "../../package.json" with { type: "json" };
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { createTestWorld } from "../testing/test-api.ts";
import { createBrokerKeyStore } from "../adapters/broker-key-store.ts";
import { lockDataDir } from "../adapters/data-lock.ts";
import { mintBrokerKeys } from "../adapters/nats-keys.ts";
import { backup } from "./backup.ts";
import { natsCreds } from "./nats-creds.ts";
import { rotateSigningKey } from "./rotate-signing-key.ts";
import { openData, openExistingData } from "./open-data.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-cli-"));
afterAll(() => rmSync(dir, { recursive: true }));
const random = createRandom(systemClock);
/** For tests that start processes. */
const limit = 30_000;
const places = {
  dataDir: join(dir, "data"),
  secretKeyFile: join(dir, "data/secret.key"),
};

beforeAll(async () => {
  const { store } = openData(places, random);
  await store.db
    .insertInto("users")
    .values({
      id: "01U",
      username: "ada",
      email: null,
      role: "admin",
      password_hash: "nothing fits",
      auth_source: "local",
      oidc_subject: null,
      disabled_at: null,
      must_change_password: 0,
      last_login_at: null,
      created_at: "",
    })
    .execute();
  await store.close();
});

/** The program as a person runs it, with `input` on its standard input. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = "",
) {
  const main = join(import.meta.dir, "../main.ts");
  const child = spawn(process.execPath, [main, ...args], {
    env: { RM_DATA_DIR: places.dataDir, ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout, stderr };
}

test("a data directory is closed to others, and says whether it is new", async () => {
  const fresh = { dataDir: join(dir, "fresh"), secretKeyFile: join(dir, "k") };
  const first = openData(fresh, random);
  await first.store.close();
  const second = openData(fresh, random);
  await second.store.close();
  expect([first.isNew, second.isNew]).toEqual([true, false]);
  expect(statSync(fresh.dataDir).mode & 0o777).toBe(0o700);
});

test("a command beside no server makes nothing and says where it looked", () => {
  const nowhere = join(dir, "nowhere");
  const wrong = { dataDir: nowhere, secretKeyFile: join(nowhere, "k") };
  expect(() => openExistingData(wrong, random)).toThrow(nowhere);
  expect(existsSync(nowhere)).toBe(false);
});

test("a backup holds what a server needs, closed to others, and writes over nothing", async () => {
  const target = join(dir, "copy");
  const files = await backup(places, random, target);
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([
    0o600, 0o600,
  ]);
  const copy = { dataDir: target, secretKeyFile: join(target, "secret.key") };
  const { store, isNew } = openData(copy, random);
  expect(isNew).toBe(false);
  const users = await store.db.selectFrom("users").select("username").execute();
  expect(users).toEqual([{ username: "ada" }]);
  await store.close();

  await expect(backup(places, random, target)).rejects.toThrow(
    "is not written over",
  );
});

test("credentials are refused for an unknown role, too long a time, and without a broker [TRN-09]", async () => {
  const { clock } = createTestWorld();
  const creds = (over: object) =>
    natsCreds(places, clock, random, {
      role: "debug-read",
      ttl: "1h",
      out: join(dir, "creds"),
      ...over,
    });
  await expect(creds({ role: "admin" })).rejects.toThrow("use debug-read");
  await expect(creds({ ttl: "48h" })).rejects.toThrow("up to 24h");
  await expect(creds({ ttl: "soon" })).rejects.toThrow("up to 24h");
  await expect(creds({})).rejects.toThrow("Start the server");
  expect(existsSync(join(dir, "creds"))).toBe(false);
});

test("the signing key is not renewed before there is one [ENR-14]", async () => {
  const { clock } = createTestWorld();
  const rotate = (finish: boolean) =>
    rotateSigningKey(places, clock, random, finish);
  await expect(rotate(false)).rejects.toThrow("Start the server once");
  await expect(rotate(true)).rejects.toThrow("Start the server once");
});

test("renewing the signing key leaves an audit row for each step [ENR-14]", async () => {
  const { clock } = createTestWorld();
  const fresh = { dataDir: join(dir, "keys"), secretKeyFile: join(dir, "k2") };
  const { store, secrets } = openData(fresh, random);
  const keys = JSON.stringify(mintBrokerKeys(random, 1));
  await createBrokerKeyStore(store.db, secrets, clock).save(keys);
  await store.close();
  // From its very start on: a server keeps the keys in memory, and would save the former ones again.
  const unlock = lockDataDir(fresh.dataDir);
  await expect(rotateSigningKey(fresh, clock, random, false)).rejects.toThrow(
    "Stop it first",
  );
  unlock();
  const steps = [false, true].map((finish) => ({ finish }));
  for (const { finish } of steps)
    await rotateSigningKey(fresh, clock, random, finish);
  const { store: after } = openExistingData(fresh, random);
  const rows = await after.db
    .selectFrom("audit_log")
    .select(["actor_kind", "payload"])
    .where("action", "=", "nats.rotate_signing_key")
    .orderBy("id")
    .execute();
  await after.close();
  expect(rows).toEqual(
    steps.map((step) => ({
      actor_kind: "system",
      payload: JSON.stringify(step),
    })),
  );
});

test(
  "a new password comes from the input, and must be long enough",
  async () => {
    const reset = ["user", "reset-password", "ada"];
    const short = await run(reset, {}, "too-short\n");
    expect([short.status, short.stderr]).toEqual([
      1,
      "Use at least 12 characters.\n",
    ]);
    const good = await run(reset, {}, "another long password\n");
    expect([good.status, good.stderr]).toEqual([0, ""]);

    const { store } = openExistingData(places, random);
    const user = await store.db
      .selectFrom("users")
      .select("password_hash")
      .executeTakeFirstOrThrow();
    const hash = user.password_hash ?? "";
    expect(await Bun.password.verify("another long password", hash)).toBe(true);
    await store.close();
  },
  limit,
);

test(
  "a user who does not exist is said before anything is asked",
  async () => {
    const { status, stderr } = await run(["user", "reset-password", "eve"]);
    expect([status, stderr]).toEqual([1, "There is no user eve.\n"]);
  },
  limit,
);

test(
  "the version is printed without touching anything [PKG-05]",
  async () => {
    const env = { RM_TYPO: "1", RM_DATA_DIR: join(dir, "untouched") };
    const { status, stdout } = await run(["--version"], env);
    expect([status, stdout]).toEqual([
      0,
      `restic-manager-server ${rootPackage.version} (commit uncommitted, unknown)\n`,
    ]);
    expect(existsSync(join(dir, "untouched"))).toBe(false);
  },
  limit,
);

test(
  "the licences are printed whole, also through a pipe [PKG-06]",
  async () => {
    const text = `${"Permission is hereby granted.\n".repeat(10_000)}The end`;
    writeFileSync(join(dir, "LICENSES.txt"), text);
    const { status, stdout } = await run(["--licenses"], {
      RM_ASSETS_DIR: dir,
    });
    expect([status, stdout === `${text}\n`]).toEqual([0, true]);
  },
  limit,
);

test(
  "a wrong setting ends the server with status 2, an unknown option or word with 1 [CFG-01]",
  async () => {
    const setting = await run([], { RM_LISTNE: "x", RM_LOG_LEVEL: "loud" });
    expect(setting.status).toBe(2);
    expect(setting.stderr).toContain("did you mean RM_LISTEN?");
    expect(setting.stderr).toContain("RM_LOG_LEVEL=loud");
    const option = await run(["--no-such-option"]);
    expect(option.status).toBe(1);
    expect(option.stderr).toContain("--no-such-option");
    const word = await run(["statsu"]);
    expect([word.status, word.stderr]).toEqual([
      1,
      "error: unknown command 'statsu'\n--help lists what there is.\n",
    ]);
  },
  limit,
);
