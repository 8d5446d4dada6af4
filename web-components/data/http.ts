import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { ApiError, unexpectedAnswer, unreachable } from "./api-error.ts";

/** The API as the stores use it. Every call rejects with `ApiError` and nothing else. */
export interface Http {
  get<T>(path: string): Promise<T>;
  send<T>(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    body: object,
  ): Promise<T>;
  /** What the server answers as a file, with the name it gives it. */
  download(path: string, body: object): Promise<File>;
}

export interface HttpDeps {
  readonly csrfToken: () => string | null;
  /** The session has ended on the server's side. */
  readonly onUnauthenticated: () => void;
}

export function createHttp({ csrfToken, onUnauthenticated }: HttpDeps): Http {
  async function ask(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(path, init).catch(() => {
      throw unreachable();
    });
    if (response.ok) return response;
    const error = await refusal(response);
    if (error.code === "unauthenticated") onUnauthenticated();
    throw error;
  }

  async function call<T>(path: string, init: RequestInit): Promise<T> {
    const response = await ask(path, init);
    // The contract of shared/api: the server validates what it sends, the browser ships no validator.
    return (response.status === 204 ? undefined : await jsonOf(response)) as T;
  }

  const sending = (method: string, body: object, accept: string) => ({
    method,
    headers: {
      accept,
      "content-type": "application/json",
      "x-csrf-token": csrfToken() ?? "",
    },
    body: JSON.stringify(body),
  });

  return {
    get: (path) => call(path, { headers: { accept: "application/json" } }),
    send: (method, path, body) =>
      call(path, sending(method, body, "application/json")),
    async download(path, body) {
      const response = await ask(path, sending("POST", body, "*/*"));
      const disposition = response.headers.get("content-disposition") ?? "";
      const [, name = "download"] =
        /filename="([^"]+)"/.exec(disposition) ?? [];
      const file = await response.blob().catch(() => {
        throw unreachable();
      });
      return new File([file], name);
    },
  };
}

async function refusal(response: Response): Promise<ApiError> {
  const body = await jsonOf(response).catch(() => null);
  return isErrorBody(body)
    ? new ApiError(response.status, body)
    : unexpectedAnswer(response);
}

function isErrorBody(body: unknown): body is ApiErrorBody {
  return (
    typeof body === "object" &&
    body !== null &&
    ["code", "message", "request_id"].every(
      (name) => typeof Reflect.get(body, name) === "string",
    )
  );
}

async function jsonOf(response: Response): Promise<unknown> {
  // A text that breaks off is a connection that was cut, a whole one that is no JSON is not ours.
  const text = await response.text().catch(() => {
    throw unreachable();
  });
  try {
    return JSON.parse(text);
  } catch {
    throw unexpectedAnswer(response);
  }
}
