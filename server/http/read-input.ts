import type { z } from "zod";
import { AppError } from "../app-error.ts";
import type { Route } from "../ports/route.ts";
import { invalidRequest } from "./errors.ts";

const defaultMaxBody = 64 * 1024;

export interface RawInput {
  readonly params: Record<string, string>;
  readonly query: Record<string, string | string[]>;
  readonly request: Request;
}

/** Decodes the parts of a request that a route declares. @throws AppError with a code and the fields to change. */
export async function readInput(route: Route, raw: RawInput) {
  const { params, query, body, maxBody = defaultMaxBody } = route;
  return {
    params: params && parsePart(params, raw.params),
    query: query && parsePart(query, raw.query),
    body: body && parsePart(body, await readJson(raw.request, maxBody)),
  };
}

function parsePart(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw invalidRequest(parsed.error);
  return parsed.data;
}

async function readJson(request: Request, max: number): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json(;|$)/i.test(type.trim())) {
    throw new AppError("unsupported_media_type");
  }
  const text = await readText(request, max);
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("invalid_json");
  }
}

/** Counts while reading: the length a client states need not be true. */
async function readText(request: Request, max: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = Number(request.headers.get("content-length") ?? 0);
  if (size > max) throw new AppError("payload_too_large");
  size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > max) throw new AppError("payload_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
