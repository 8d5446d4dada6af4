import type {
  ApiErrorBody,
  ApiErrorCode,
  FieldErrorCode,
} from "@restic-manager/shared/api/errors.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { z } from "zod";
import { AppError } from "../app-error.ts";

/** Seconds after which asking again makes sense. */
const retryAfter: Partial<Record<ApiErrorCode, number>> = {
  rate_limited: 60,
  pending_full: 60,
  starting: 2,
};

/** The answer to whatever went wrong. What is not an `AppError` is our fault: it is logged here and nowhere else. */
export function errorResponse(
  error: unknown,
  requestId: string,
  log: Log,
): { response: Response; code: ApiErrorCode } {
  const expected: AppError =
    error instanceof AppError ? error : new AppError("internal");
  if (error !== expected) log.error("A request failed", { error });
  const body: ApiErrorBody = {
    code: expected.code,
    message: expected.message,
    request_id: requestId,
    ...(expected.fields === undefined ? {} : { fields: expected.fields }),
    ...(expected.usedBy === undefined ? {} : { used_by: expected.usedBy }),
    ...(expected.agentCode === undefined ? {} : { cause: expected.agentCode }),
    ...(expected.refusal === undefined ? {} : { refusal: expected.refusal }),
  };
  const response = Response.json(body, {
    status: expected.status,
    headers: { "Cache-Control": "no-store" },
  });
  const seconds = expected.retryAfterS ?? retryAfter[expected.code];
  if (seconds !== undefined) {
    response.headers.set("Retry-After", String(seconds));
  }
  return { response, code: expected.code };
}

/** What is wrong with a request's parts, by dotted path. */
export function invalidRequest(error: z.ZodError): AppError {
  const fields: NonNullable<ApiErrorBody["fields"]> = {};
  for (const issue of error.issues) {
    const keys =
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path];
    for (const path of keys) {
      fields[path.join(".")] ??= {
        code: fieldCode(issue),
        message: fieldMessage(issue),
      };
    }
  }
  return new AppError("invalid_request", { fields });
}

function fieldCode(issue: z.core.$ZodIssue): FieldErrorCode {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "required" : "invalid";
    case "too_small":
      return "too_short";
    case "too_big":
      return "too_long";
    case "unrecognized_keys":
      return "unknown";
    default:
      return "invalid";
  }
}

function fieldMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    return "This field is not known here.";
  }
  const isMissing = issue.code === "invalid_type" && issue.input === undefined;
  return isMissing ? "This field is required." : issue.message;
}
