import type {
  EnrolmentToken,
  TokenBody,
  TokenList,
  TokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import type { Http } from "./http.ts";
import type { Live } from "./live.ts";
import { createResource, type Resource } from "./resource.ts";

export interface TokensStore {
  /** Open ones, and those used in the last hour. */
  readonly list: Resource<readonly EnrolmentToken[]>;
  /** The answer holds secrets that are never told again: it belongs to the page that asked, not to a store. */
  make(body: TokenBody): Promise<TokenMade>;
  revoke(id: string): Promise<void>;
}

export function createTokensStore({
  http,
  live,
}: {
  http: Http;
  live: Live;
}): TokensStore {
  return {
    list: createResource<readonly EnrolmentToken[]>({
      live,
      load: async () =>
        (await http.get<TokenList>("/api/enrolment/tokens")).tokens,
      // A host that is new here may have used one.
      apply: (tokens, event) =>
        event.type === "host.changed" &&
        !tokens.some((token) => token.host_id === event.host.id) &&
        tokens.some((token) => token.used_at === null)
          ? "reload"
          : tokens,
    }),
    make: (body) => http.send<TokenMade>("POST", "/api/enrolment/tokens", body),
    revoke: (id) =>
      http.send<void>("DELETE", `/api/enrolment/tokens/${id}`, {}),
  };
}
