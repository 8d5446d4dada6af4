import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";

/** An answer of the API with status >= 400, or no answer at all (`unreachable`, status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  /** Dotted path of the body → what is wrong with it, in words. */
  readonly fields: Readonly<Record<string, string>>;
  /** Failure code of the agent, when the agent refused. */
  readonly reason: string | undefined;

  constructor(status: number, body: ApiErrorBody) {
    super(body.message);
    this.name = "ApiError";
    this.status = status;
    this.code = body.code;
    this.requestId = body.request_id;
    this.reason = body.cause;
    this.fields = Object.fromEntries(
      Object.entries(body.fields ?? {}).map(([path, field]) => [
        path,
        field.message,
      ]),
    );
  }
}

/** What a person needs to know, and to tell somebody who has the server's log. */
export function errorWords({
  message,
  reason,
  code,
  requestId,
}: ApiError): string {
  const request = requestId === "" ? "" : `, request ${requestId}`;
  return `${message} (${reason ?? code}${request})`;
}

/** A proxy in front may answer with a page of its own, also with a status that says that all is well. */
export function unexpectedAnswer({
  ok,
  status,
  statusText,
}: Response): ApiError {
  const answered = `${status} ${statusText}`.trim();
  const but = ok ? ", but not with what was asked for" : "";
  return new ApiError(status, {
    code: "unexpected_answer",
    message: `The server, or a proxy in front of it, answered ${answered}${but}.`,
    request_id: "",
  });
}

export function unreachable(): ApiError {
  return new ApiError(0, {
    code: "unreachable",
    message:
      "The server does not answer. Check that it runs and that this machine reaches it.",
    request_id: "",
  });
}
