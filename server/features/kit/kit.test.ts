import { spawnSync } from "node:child_process";
import { expect, test } from "bun:test";
import { openingCommands, restoringCommands } from "./commands.ts";
import type { KitEntry } from "./contents.ts";
import { kitPage } from "./page.ts";

const entry: KitEntry = {
  name: "<b>attic</b>",
  access: {
    url: "rest:https://nas:8000/attic",
    credential: {
      password: "it's <secret> & $HOME",
      username: "attic",
      user_password: "p w",
      env: { AWS_REGION: "eu" },
      ca: "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\nEND\necho 'a trap'\n",
    },
  },
  admin: null,
  hosts: [
    {
      name: "attic",
      hostname: "attic.lan",
      groups: [{ tag: "default", paths: ["/home/o'neil", "/etc"] }],
    },
  ],
};
const about = {
  madeAt: "2026-11-28T12:00:00Z",
  madeBy: "ada",
  server: "https://backup.example.org",
  version: "0.1.0",
};

test("a shell that runs the commands holds every value as it is [BGK-01]", () => {
  const { access } = entry;
  const script = [
    ...openingCommands(access),
    'printf "%s\\n" "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD" "$RESTIC_REST_USERNAME" "$RESTIC_REST_PASSWORD" "$AWS_REGION"',
    'cat "$RESTIC_CACERT"',
  ].join("\n");
  const shell = spawnSync("sh", ["-c", `cd "$(mktemp -d)"; ${script}`], {
    encoding: "utf8",
  });
  const { password, user_password, ca } = access.credential;
  expect(shell.stdout).toBe(
    [access.url, password, "attic", user_password, "eu", ca].join("\n"),
  );
});

test("the newest of each source group has a command and a folder of its own [BGK-01]", () => {
  expect(restoringCommands(entry)).toEqual([
    "restic snapshots",
    "restic restore latest --host attic.lan --tag default --target restored/attic.lan/default",
  ]);
});

test("a host whose name is a path gets a folder beside the others all the same [BGK-01]", () => {
  const [host] = entry.hosts;
  if (host === undefined) throw new Error("no host");
  const hosts = [{ ...host, hostname: "../../etc" }];
  expect(restoringCommands({ ...entry, hosts }).at(-1)).toEndWith(
    "--host ../../etc --tag default --target restored/__.._etc/default",
  );
});

test("nothing in the page is markup but what the page says itself [BGK-01]", () => {
  const page = kitPage([entry], about);
  expect(page).not.toContain("<b>");
  expect(page).not.toContain("<secret>");
  expect(page).toContain("&lt;b&gt;attic&lt;/b&gt;");
  expect(page).not.toMatch(/<script|src=|href=/);
});

test("access that may delete stands apart, and only where it is another one [BGK-01]", () => {
  const admin = { ...entry.access, url: "/srv/attic" };
  expect(kitPage([entry], about)).not.toContain("may also delete");
  const page = kitPage([{ ...entry, admin }], about);
  expect(page).toContain("may also delete");
  expect(page).toContain("RESTIC_REPOSITORY=/srv/attic");
});
