import type { TokenBody } from "@restic-manager/shared/api/tokens.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type { RepoCredential } from "@restic-manager/shared/domain/repo.ts";
import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import { AppError } from "../../app-error.ts";
import type { Random } from "../../random.ts";

export interface Minted {
  /** Whole: given by the person, or made here. */
  readonly credential: RepoCredential;
  /** Null where the person gave one. */
  readonly password: string | null;
  readonly userPassword: string | null;
  /** The line that lets the login in, for a rest-server's htpasswd file. */
  readonly htpasswd: string | null;
}

/**
 * Makes the secrets that a person left open: the repository password, and the password of a rest-server's login. They
 * are two, because whoever runs the rest-server sees the login's and must not be able to read backups with it.
 *
 * @throws AppError `invalid_request` when there is nothing to make: an existing repository has its password already.
 */
export async function mintSecrets(
  { mode, url, credential }: TokenBody["repository"],
  random: Pick<Random, "bytes">,
): Promise<Minted> {
  const secret = () => toBase64Url(random.bytes(24));
  if (!credential.password && mode === "existing") {
    throw invalid("password", "Give the password of the repository.");
  }
  const password = credential.password ? null : secret();
  const { username } = credential;
  const isLoginOpen =
    repoKind(url) === "rest" && username && !credential.user_password;
  if (isLoginOpen && /[:\s\p{C}]/u.test(username)) {
    throw invalid("username", "A login holds no colons and no white space.");
  }
  const userPassword = isLoginOpen ? secret() : null;
  return {
    credential: {
      ...credential,
      password: password ?? credential.password ?? "",
      ...(userPassword !== null && { user_password: userPassword }),
    },
    password,
    userPassword,
    htpasswd:
      userPassword === null
        ? null
        : `${username}:${await bcryptOf(userPassword)}`,
  };
}

/** `$2y$` as Apache's htpasswd writes it: the same as `$2b$` for any password that is not absurdly long. */
async function bcryptOf(password: string): Promise<string> {
  const hash = await Bun.password.hash(password, {
    algorithm: "bcrypt",
    cost: 10,
  });
  return hash.replace(/^\$2b\$/, "$2y$");
}

function invalid(field: "password" | "username", message: string): AppError {
  const code = field === "password" ? "required" : "invalid";
  return new AppError("invalid_request", {
    fields: { [`repository.credential.${field}`]: { code, message } },
  });
}
