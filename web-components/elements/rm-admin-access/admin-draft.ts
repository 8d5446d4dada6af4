import type {
  AdminCredentialSpec,
  Repository,
} from "@restic-manager/shared/api/repos.ts";
import { given } from "../given.ts";
import { isOwnAccess } from "../upkeep-words.ts";

export type Field =
  | "url"
  | "password"
  | "username"
  | "user_password"
  | "key_id"
  | "secret"
  | "ca";

export type Draft = Readonly<Record<Field, string>> & {
  readonly mode: "own" | "other";
};

/** What is known of it; secrets are typed again, or stay as they are. */
export function draftOf({ admin, append_only }: Repository): Draft {
  return {
    mode: !isOwnAccess(admin) || append_only !== "no" ? "other" : "own",
    url: admin.url ?? "",
    username: admin.username ?? "",
    password: "",
    user_password: "",
    key_id: "",
    secret: "",
    ca: "",
  };
}

/** The typed address in restic's notation: that of a REST server is often pasted without its `rest:`. */
export function addressOf({ url }: Draft): string {
  return url.trim().replace(/^https?:\/\//i, "rest:$&");
}

const nothingOther: AdminCredentialSpec = {
  url: null,
  password: null,
  username: null,
  user_password: null,
  env: null,
  ca: null,
};

/** Of a secret, empty keeps what is stored; an address or a user that was emptied is dropped. */
export function adminSpec(
  draft: Draft,
  { admin }: Repository,
): AdminCredentialSpec {
  if (draft.mode === "own") return admin.set ? nothingOther : {};
  const visible = (typed: string, known: string | null) =>
    typed.trim() !== "" ? typed.trim() : known === null ? undefined : null;
  const env = given({
    AWS_ACCESS_KEY_ID: draft.key_id,
    AWS_SECRET_ACCESS_KEY: draft.secret,
  });
  return Object.fromEntries(
    Object.entries({
      url: visible(addressOf(draft), admin.url),
      username: visible(draft.username, admin.username),
      password: draft.password || undefined,
      user_password: draft.user_password || undefined,
      env: Object.keys(env).length === 0 ? undefined : env,
      ca: draft.ca || undefined,
    }).filter(([, value]) => value !== undefined),
  );
}
