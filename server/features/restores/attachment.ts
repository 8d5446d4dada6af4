/** Characters: file systems take 255 bytes. */
const longest = 120;

/**
 * The header that lets a browser save what it gets under a name, which may be anything: the plain form for old programs, the
 * encoded one (RFC 5987) for all others.
 */
export function attachment(name: string, extension = ""): string {
  const whole = `${cut(name.toWellFormed().replaceAll(/[\p{Cc}/\\]/gu, "_"))}${extension}`;
  const plain = whole.replaceAll(/[^ -~]|["%]/gu, "_");
  const encoded = encodeURIComponent(whole).replaceAll(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** The beginning, and what the name ends with: programs go by it. */
function cut(name: string): string {
  const letters = [...name];
  if (letters.length <= longest) return name;
  const ending = /\.[^.]{1,12}$/.exec(name)?.[0] ?? "";
  const kept = letters.slice(0, longest - ending.length).join("");
  return `${kept}…${ending}`;
}
