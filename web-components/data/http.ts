import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { ApiError, unreachable } from "./api-error.ts";

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
    const error = new ApiError(response.status, await errorBody(response));
    if (error.code === "unauthenticated") onUnauthenticated();
    throw error;
  }

  async function call<T>(path: string, init: RequestInit): Promise<T> {
    const response = await ask(path, init);
    // The contract of shared/api: the server validates what it sends, the browser ships no validator.
    return (response.status === 204 ? undefined : await response.json()) as T;
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
      return new File([await response.blob()], name);
    },
  };
}

/** A proxy in front may answer with a page of its own. */
async function errorBody(response: Response): Promise<ApiErrorBody> {
  if (
    response.headers.get("content-type")?.includes("application/json") === true
  ) {
    return (await response.json()) as ApiErrorBody;
  }
  return {
    code: "unexpected_answer",
    message: `The server, or a proxy in front of it, answered ${response.status} ${response.statusText}.`,
    request_id: "",
  };
}
