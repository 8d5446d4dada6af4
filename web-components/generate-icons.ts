import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Our name → the name in lucide-static. Only what a page draws is listed. */
const names = {
  activity: "activity",
  "arrow-down": "arrow-down",
  "arrow-up": "arrow-up",
  bell: "bell",
  check: "check",
  "chevron-right": "chevron-right",
  "circle-check": "circle-check",
  copy: "copy",
  database: "database",
  diff: "diff",
  download: "download",
  eye: "eye",
  "eye-off": "eye-off",
  file: "file",
  filter: "list-filter",
  fingerprint: "fingerprint-pattern",
  folder: "folder",
  history: "history",
  home: "layout-dashboard",
  info: "info",
  key: "key-round",
  lock: "lock",
  "log-out": "log-out",
  moon: "moon",
  play: "play",
  plus: "plus",
  retry: "rotate-cw",
  scissors: "scissors",
  search: "search",
  shield: "shield-check",
  sliders: "sliders-horizontal",
  stop: "square",
  sun: "sun",
  swap: "arrow-left-right",
  tag: "tag",
  terminal: "terminal",
  trash: "trash-2",
  unlink: "unplug",
  unlock: "lock-open",
  user: "circle-user-round",
  warning: "triangle-alert",
  wrap: "wrap-text",
  x: "x",
} as const;

const target = fileURLToPath(
  new URL("elements/icon-shapes.ts", import.meta.url),
);

export function iconShapes(): string {
  const lines = Object.entries(names).map(([name, file]) => {
    const path = import.meta.resolve(`lucide-static/icons/${file}.svg`);
    return `  ${JSON.stringify(name)}: svg\`${innerMarkup(readFileSync(fileURLToPath(path), "utf8"))}\`,\n`;
  });
  return [
    "// Written by generate-icons.ts from lucide-static (ISC licence). Do not edit.\n",
    'import { svg } from "lit";\n\n',
    "export const iconShapes = {\n",
    ...lines,
    "};\n\nexport type IconName = keyof typeof iconShapes;\n",
  ].join("");
}

function innerMarkup(file: string): string {
  return file
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>[\s\S]*$/, "")
    .replace(/\s+/g, " ")
    .replaceAll(" />", "/>")
    .replaceAll("> <", "><")
    .trim();
}

if (import.meta.main) writeFileSync(target, iconShapes());
