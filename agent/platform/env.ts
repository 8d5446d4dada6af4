/** The environment this process was started with, read once in `main.ts`. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * What a child process gets of our own environment. `BUN_*` and `JSC_*` never pass: they would turn another program made
 * by Bun into an interpreter of somebody else's choice.
 */
const inherited = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "TMPDIR",
  "TZ",
  "SSH_AUTH_SOCK",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SystemRoot",
  "SystemDrive",
  "windir",
  "ComSpec",
  "PATHEXT",
  "TEMP",
  "TMP",
  "USERPROFILE",
  "HOMEDRIVE",
  "HOMEPATH",
  "APPDATA",
  "LOCALAPPDATA",
  "ProgramData",
] as const;

export function childEnv(env: Env): Record<string, string> {
  const child: Record<string, string> = {};
  for (const name of inherited) {
    const value = env[name];
    if (value !== undefined) child[name] = value;
  }
  return child;
}
