/** What stands in place of a secret. */
export const redacted = "***";

/**
 * Up to the last `@` before the path: passwords hold `@` too, when people do not escape them. The scheme is bounded, or a long
 * word would be looked through once for each of its letters.
 */
const urlUserInfo = /([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/]*@/gi;

/**
 * Hides user names and passwords of URLs anywhere in a text. restic prefixes (`rest:https://…`) are covered,
 * because the URL is found inside the text.
 */
export function redactUrls(text: string): string {
  return text.replace(
    urlUserInfo,
    (_all, scheme: string) => `${scheme}${redacted}@`,
  );
}

/** Hides every occurrence of the given secrets, longest first, and user info of URLs. Pure. */
export function redactSecrets(
  text: string,
  secrets: readonly string[],
): string {
  let result = text;
  for (const secret of secrets
    .filter((s) => s.length >= 4)
    .sort((a, b) => b.length - a.length)) {
    result = result.replaceAll(secret, redacted);
  }
  return redactUrls(result);
}

/** Cuts a text to at most `max` UTF-16 units, ending in a marker that names how much is missing. Pure. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  const marker = ` … [${text.length - max} more characters]`;
  return text.slice(0, max) + marker;
}
