import { expect, test } from "bun:test";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { z } from "zod";
import type { Route } from "../ports/route.ts";
import { addressOf, named } from "../testing/sweep.ts";
import { createWholeSurface } from "../testing/whole-surface.ts";

interface ListSchema {
  readonly type?: string;
  readonly items?: ListSchema;
  readonly maxItems?: number;
  readonly maximum?: number;
}

function fieldsOf(schema: unknown, io: "input" | "output") {
  if (!(schema instanceof z.ZodType)) return [];
  const { properties } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return Object.entries((properties ?? {}) as Record<string, ListSchema>);
}

/** Lists of plain texts are parts of one thing, as long as whoever made it was allowed to. */
const isThing = (items: ListSchema | undefined) => items?.type === "object";

/** What a route lists, and the largest page that may be asked for. */
function listsOf(route: Route) {
  const limit = fieldsOf(route.query, "input").find(([key]) => key === "limit");
  const pageSize = limit?.[1].maximum;
  return fieldsOf(route.answer, "output")
    .filter(([, { type, items }]) => type === "array" && isThing(items))
    .map(([field, { maxItems }]) => ({ field, maxItems, pageSize }));
}

const { routes } = createWholeSurface();

test("every list of every answer has a largest length, or is paged [API-04]", () => {
  const lists = routes.flatMap((route) =>
    listsOf(route).map((list) => ({ route: named(route), ...list })),
  );
  expect(lists.length).toBeGreaterThan(8);
  const unbounded = lists.filter(
    ({ maxItems, pageSize }) => (maxItems ?? pageSize ?? Infinity) > 5000,
  );
  expect(unbounded).toEqual([]);
});

test("a page larger than allowed is refused by its field [API-04]", async () => {
  const api = createWholeSurface();
  const headers = await api.as("admin");
  const paged = routes.filter((route) =>
    fieldsOf(route.query, "input").some(([key]) => key === "limit"),
  );
  expect(paged.map(named)).toContain("GET /api/audit");
  for (const route of paged) {
    for (const limit of ["0", "5001", "-1", "1.5", "all"]) {
      const path = `${addressOf(route)}?limit=${limit}`;
      const response = await api.request(path, { headers });
      const { fields } = (await response.json()) as ApiErrorBody;
      expect([path, Object.keys(fields ?? {})]).toEqual([
        path,
        expect.arrayContaining(["limit"]),
      ]);
    }
  }
});
