import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { hasPermission, roles } from "@restic-manager/shared/domain/role.ts";
import {
  permissionsReference,
  referencePath,
} from "../testing/permissions-reference.ts";
import { addressOf, doors, knock, named } from "../testing/sweep.ts";
import { createWholeSurface } from "../testing/whole-surface.ts";

test("what is open to strangers is a closed list, and everything else answers 401 [AUT-05]", async () => {
  const api = createWholeSurface();
  const open = doors(api).filter((door) => door.access === "public");
  expect(open.map((door) => door.name).toSorted()).toEqual([
    "GET /agent/binary",
    "GET /agent/binary.sha256",
    "GET /api/agents/server",
    "GET /api/auth/session",
    "GET /api/version",
    "GET /healthz",
    "GET /install/:name",
    "GET /readyz",
    "POST /api/agents/announce",
    "POST /api/agents/announce/:id/wait",
    "POST /api/agents/session",
    "POST /api/auth/bootstrap",
    "POST /api/auth/login",
    "WebSocket /",
    "WebSocket /api/agents/stream",
    "WebSocket /nats",
  ]);
  for (const door of doors(api).filter((d) => d.access !== "public")) {
    expect([door.name, await knock(api, door)]).toEqual([door.name, 401]);
  }
});

test("every role is let in to exactly the doors of its permissions, sockets too [TST-04] [RBC-03]", async () => {
  const api = createWholeSurface();
  for (const role of roles) {
    for (const door of doors(api)) {
      const { access, name } = door;
      const status = await knock(api, door, await api.as(role));
      const isOpen =
        access === "public" || access === "self" || hasPermission(role, access);
      expect([role, name, status === 403]).toEqual([role, name, !isOpen]);
      expect([role, name, status === 401]).toEqual([role, name, false]);
    }
  }
});

test("the reference of permissions is what the routes declare; `just permissions` writes it [RBC-05]", () => {
  expect(readFileSync(referencePath, "utf8")).toBe(
    permissionsReference(createWholeSurface()),
  );
});

test("who is demoted may do less at the next request, who is disabled nothing, and nobody logs in anew [RBC-06]", async () => {
  const api = createWholeSurface();
  const path = "/api/pending/01ARZ3NDEKTSV4RRFFQ69G5FAV/reject";
  const headers = await api.as("admin");
  const status = async () => (await api.send("POST", path, {}, headers)).status;
  expect(await status()).toBe(404);
  await api.db.updateTable("users").set({ role: "operator" }).execute();
  expect(await status()).toBe(403);
  await api.db
    .updateTable("users")
    .set({ disabled_at: "2026-01-01T00:00:00.000Z" })
    .execute();
  expect(await status()).toBe(401);
});

const changing = createWholeSurface().routes.filter(
  ({ method }) => method !== "GET",
);

test("no route changes anything for a session without its CSRF token [SEC-04]", async () => {
  const api = createWholeSurface();
  const { Cookie } = await api.as("admin");
  for (const route of changing.filter((r) => r.access !== "public")) {
    const response = await api.send(
      route.method,
      addressOf(route),
      {},
      {
        Cookie,
      },
    );
    const { code } = (await response.json()) as ApiErrorBody;
    expect([named(route), code]).toEqual([named(route), "csrf_refused"]);
  }
});

test("a form of a foreign page reaches no route, not even to log a visitor in [SEC-03] [SEC-04]", async () => {
  const api = createWholeSurface();
  const session = await api.as("admin");
  for (const route of changing) {
    const response = await api.request(addressOf(route), {
      method: route.method,
      headers: {
        ...session,
        Origin: "https://evil.example",
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: "username=eve&password=hunter22",
    });
    const { code } = (await response.json()) as ApiErrorBody;
    expect([named(route), code]).toEqual([named(route), "origin_refused"]);
  }
});

test("what a plain form can send is not read, whatever page it comes from [SEC-04]", async () => {
  const api = createWholeSurface();
  const session = await api.as("admin");
  const types = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
  ];
  for (const route of changing.filter((r) => r.body !== undefined)) {
    for (const type of types) {
      const response = await api.request(addressOf(route), {
        method: route.method,
        headers: { ...session, "Content-Type": type },
        body: '{"username":"eve","password":"hunter22"}',
      });
      expect([named(route), type, response.status]).toEqual([
        named(route),
        type,
        415,
      ]);
    }
  }
});
