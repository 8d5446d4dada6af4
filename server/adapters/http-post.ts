import type { Clock } from "@restic-manager/shared/clock.ts";
import { PostError, type Post } from "../ports/post.ts";

const limitMs = 5_000;

/** Does not follow redirects: they would lead a message, and its login, to where nobody has pointed it. */
export function createHttpPost(clock: Clock): Post {
  return async ({ url, headers, body }) => {
    const over = new AbortController();
    const cancel = clock.after(limitMs, () => over.abort());
    try {
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: over.signal,
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      throw new PostError(
        over.signal.aborted
          ? "The receiver did not answer within 5 seconds."
          : reason(error),
      );
    } finally {
      cancel();
    }
  };
}

function reason(error: unknown): string {
  const code =
    error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ConnectionRefused" || code === "ECONNREFUSED")
    return "Nothing listens at the receiver's address.";
  if (code === "FailedToOpenSocket" || code === "ENOTFOUND")
    return "The receiver's name or network cannot be reached.";
  if (/CERT|SIGNATURE|TLS/.test(code))
    return `The receiver's certificate is not trusted (${code}).`;
  return `The receiver cannot be reached${code === "" ? "" : ` (${code})`}.`;
}
