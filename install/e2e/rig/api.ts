import type { ApiError, Session } from "./types.ts";

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** A person's session at the HTTP API: cookie and CSRF token, as the dashboard uses them. */
export interface Api {
  /** @throws Error when the answer is not 2xx. */
  get<T>(path: string): Promise<T>;
  /** @throws Error when the answer is not 2xx. */
  post<T>(path: string, body?: unknown): Promise<T>;
  /** Any answer, for asking wrongly. */
  ask<T = ApiError>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  /** What a WebSocket or a plain fetch must send to be this person. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
}

/** PEM of a private authority to trust; empty for plain HTTP. */
export interface Tls {
  readonly ca?: string;
}

export const anonymous = (url: string): Api => createApi(url, {}, {});

export async function logIn(
  url: string,
  username: string,
  password: string,
  tls: Tls = {},
): Promise<Api> {
  return signedIn(
    url,
    await call<Session>(
      url,
      "POST",
      "/api/auth/login",
      { username, password },
      {},
      tls,
    ),
    tls,
  );
}

/** A session that is there whenever it is asked for: a new one where the last one is refused. */
export function keepLoggedIn(
  url: string,
  username: string,
  password: string,
): () => Promise<Api> {
  let session: Api | null = null;
  return async () => {
    const known = await session?.ask("GET", "/api/jobs?limit=1");
    if (session === null || known?.status !== 200)
      session = await logIn(url, username, password);
    return session;
  };
}

export async function bootstrap(
  url: string,
  token: string,
  username: string,
  password: string,
): Promise<Api> {
  const body = { token, username, password };
  return signedIn(
    url,
    await call<Session>(url, "POST", "/api/auth/bootstrap", body, {}),
    {},
  );
}

function signedIn(url: string, answer: Answer<Session>, tls: Tls): Api {
  if (answer.status >= 300)
    throw new Error(
      `no session: ${answer.status} ${JSON.stringify(answer.body)}`,
    );
  const cookie = answer.headers
    .getSetCookie()
    .map((text) => text.split(";")[0])
    .join("; ");
  return createApi(
    url,
    { cookie, "x-csrf-token": answer.body.csrf_token ?? "" },
    tls,
  );
}

function createApi(
  url: string,
  headers: Readonly<Record<string, string>>,
  tls: Tls,
): Api {
  async function well<T>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T> {
    const answer = await call<T>(url, method, path, body, headers, tls);
    if (answer.status >= 300)
      throw new Error(
        `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`,
      );
    return answer.body;
  }
  return {
    headers,
    tls,
    get: (path) => well("GET", path),
    post: (path, body = {}) => well("POST", path, body),
    ask: (method, path, body, extra) =>
      call(url, method, path, body, { ...headers, ...extra }, tls),
  };
}

/** One request; `body` of the answer is its JSON, or its text when it is none. */
export async function call<T>(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  tls: Tls = {},
): Promise<Answer<T>> {
  const init: BunFetchRequestInit = {
    method,
    tls,
    headers: { ...headers },
    redirect: "manual",
  };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json", ...headers };
  }
  const response = await fetch(url + path, init);
  const text = await response.text();
  return {
    status: response.status,
    body: parse(text) as T,
    headers: response.headers,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
