export type RepoKind = "local" | "rest" | "s3" | "sftp";

export function repoKind(url: string): RepoKind | null {
  if (/^rest:https?:\/\/[^/\s]+/i.test(url)) return "rest";
  if (/^s3:(https?:\/\/)?[^/\s]+\/[^\s]+/i.test(url)) return "s3";
  if (/^sftp:(\/\/)?[^\s:/]+(:\d+)?(:|\/)\S+/i.test(url)) return "sftp";
  if (/^(\/|[a-z]:[\\/])/i.test(url)) return "local";
  return null;
}

/** Whether a user name or password stands inside the address. */
export function hasPassword(url: string): boolean {
  // `C:\\a@b` looks like a scheme with a user behind it.
  if (repoKind(url) === "local") return false;
  if (/^sftp:/i.test(url)) return /^sftp:(\/\/)?[^/@]*:[^/@]*@/i.test(url);
  return /^[a-z0-9]+:(https?:\/\/)?[^/]*@/i.test(url);
}
