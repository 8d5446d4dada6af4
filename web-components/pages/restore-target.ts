import { html, type TemplateResult } from "lit";
import { isFolder } from "../elements/tree-path.ts";
import { commonFolders, type Selection } from "../elements/tree-selection.ts";
import type { RestoreDraftEvent } from "../events/restore-draft.ts";
import { type Choices, linkFault } from "./restore-choices.ts";
import type { SnapshotTree } from "./snapshot-tree.ts";
import "../elements/rm-restore-target/rm-restore-target.ts";

/** Where the chosen files go. */
export function targetStep(
  { host, others, modes, draft, confirms }: Choices,
  selection: Selection,
  tree: SnapshotTree,
  errors: Readonly<Record<string, string>>,
  onDraft: (event: RestoreDraftEvent) => void,
): TemplateResult {
  const [first = "/"] = selection;
  const entry = selection.size === 1 ? tree.entryAt(first) : undefined;
  return html`<rm-restore-target
    .draft=${draft}
    .host=${host}
    .others=${others}
    .crosses=${confirms && draft.mode === "other"}
    .modes=${modes}
    .common=${commonFolders(selection, (path) => tree.entryAt(path))}
    .example=${first}
    .single=${entry !== undefined && !isFolder(entry)}
    .zips=${entry !== undefined && isFolder(entry)}
    .downloadFault=${linkFault(selection, tree)}
    .errors=${errors}
    @rm-restore-draft=${onDraft}
  ></rm-restore-target>`;
}
