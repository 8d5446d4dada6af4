import type { TokenBody } from "@restic-manager/shared/api/tokens.ts";
import {
  type Draft,
  missingFields,
  newDraft,
  setUpBody,
  usesMinted,
} from "../rm-set-up/draft.ts";

/** What stands in the form of a one-time token, as typed. */
export interface TokenDraft extends Draft {
  readonly hostname: string;
  readonly tags: string;
}

/** Paths to begin with. */
export const pathPresets = {
  settings: { label: "Settings and homes", paths: "/etc\n/home\n/root" },
  server: {
    label: "With services",
    paths: "/etc\n/home\n/root\n/srv\n/var/lib\n/var/www",
  },
  all: { label: "Whole disk", paths: "/" },
} as const;
export type PathPreset = keyof typeof pathPresets;

export function newTokenDraft(): TokenDraft {
  return {
    ...newDraft({ name: "", os: "linux" }, ""),
    hostname: "",
    tags: "",
  };
}

/** The preset whose paths stand there unchanged, or an empty text. */
export function presetOf({ paths }: TokenDraft): PathPreset | "" {
  const presets = Object.entries(pathPresets);
  const found = presets.find(([, preset]) => preset.paths === paths);
  return found === undefined ? "" : (found[0] as PathPreset);
}

/** A whole disk without the file systems that only look like files. */
export function withPreset(preset: PathPreset): Partial<TokenDraft> {
  return {
    paths: pathPresets[preset].paths,
    oneFileSystem: preset === "all",
  };
}

/** The places of a repository that are named after the host follow its name until somebody names them otherwise. */
export function withHostname(
  draft: TokenDraft,
  hostname: string,
): Partial<TokenDraft> {
  const old = draft.hostname.trim();
  const name = hostname.trim();
  return {
    hostname,
    ...(draft.restPath === old ? { restPath: name } : {}),
    ...(draft.s3Prefix === old ? { s3Prefix: name } : {}),
  };
}

export function tokenBody(draft: TokenDraft): TokenBody {
  const { repository, source } = setUpBody(draft);
  const { password, ...others } = repository.credential;
  return {
    hostname: draft.hostname.trim(),
    tags: tagsOf(draft.tags),
    repository: {
      ...repository,
      credential: usesMinted(draft) ? others : { ...others, password },
    },
    source,
  };
}

/** Field id → what is missing or wrong before the server is asked. */
export function missingTokenFields(draft: TokenDraft): Record<string, string> {
  const name = draft.hostname.trim();
  const fault =
    name === ""
      ? "Name the host."
      : /\s/.test(name)
        ? "A host name holds no spaces."
        : undefined;
  return {
    ...missingFields(draft),
    ...(fault === undefined ? {} : { hostname: fault }),
  };
}

function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim());
  return [...new Set(tags.filter(Boolean))];
}
