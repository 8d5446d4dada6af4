import type { KitEntry, OpenAccess } from "./contents.ts";
import { openingCommands, restoringCommands, whereabouts } from "./commands.ts";

/** The kit as one page that needs nothing beside it: no script, no network, black on white. */
export function kitPage(
  entries: readonly KitEntry[],
  about: { madeAt: string; madeBy: string; server: string; version: string },
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>Recovery kit of ${escaped(about.server)}</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; color: #000; background: #fff; max-width: 48em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 22px; } h2 { font-size: 17px; margin: 0 0 .3em; }
section { border-top: 1px solid #000; padding-top: 1em; margin-top: 1.5em; break-inside: avoid; }
pre { font: 13px/1.45 ui-monospace, monospace; border: 1px solid #999; padding: .7em; white-space: pre-wrap; overflow-wrap: anywhere; }
li { margin: .2em 0; }
</style>
</head>
<body>
<h1>Recovery kit</h1>
<p><strong>Whoever holds this page can read every backup named on it.</strong> Keep it where you keep the keys to the house, away from
the machines it is for. It was made at ${escaped(about.madeAt)} by ${escaped(about.madeBy)} from ${escaped(about.server)}
(restic-manager ${escaped(about.version)}); make it again whenever a repository or a password is added or changed.</p>
<ol>
<li>Get restic (https://restic.net, or your system’s packages) on any machine that reaches the repository.</li>
<li>Paste the first block of commands into a shell. On Windows, in PowerShell, write <code>$env:NAME = 'value'</code> where it says
<code>export NAME=value</code>.</li>
<li>Look with <code>restic snapshots</code>, then restore into a new folder. As root, owners come back too.</li>
</ol>
${entries.length === 0 ? "<p>No host uses a repository yet.</p>" : entries.map(section).join("\n")}
</body>
</html>
`;
}

function section(entry: KitEntry): string {
  const { name, access, admin, hosts } = entry;
  const names = hosts.map((host) => host.name).join(", ");
  const note = whereabouts(access, names);
  return `<section>
<h2>${escaped(name)}</h2>
<p>${escaped(access.url)}, used by ${escaped(names)}</p>
${note === null ? "" : `<p>${escaped(note)}</p>`}
<ul>
${hosts
  .flatMap((host) =>
    host.groups.map(
      ({ tag, paths }) =>
        `<li>${escaped(host.name)}, ${escaped(tag)}: ${escaped(paths.join(", "))}</li>`,
    ),
  )
  .join("\n")}
</ul>
${block(openingCommands(access))}
${block(restoringCommands(entry))}
${admin === null ? "" : deleting(admin)}
</section>`;
}

function deleting(admin: OpenAccess): string {
  return `<p>Access that may also delete; no restore needs it:</p>
${block(openingCommands(admin))}`;
}

function block(lines: readonly string[]): string {
  return `<pre>${escaped(lines.join("\n"))}</pre>`;
}

function escaped(text: string): string {
  return Bun.escapeHTML(text);
}
