/** Where a restore goes unless another folder is named; the agent fills in what stands for something. */
export const defaultRestorePath = "$HOME/rm-restore/<job-id>";

const beginning = /^(\/|[A-Za-z]:[\\/]|~\/|\$HOME(\/|$)|\$\{HOME\}(\/|$))/;
const otherVariable = /\$(?!HOME(\/|$)|\{HOME\}(\/|$))/;

/** Why nothing can be restored into a folder of this name; null when it can be asked for. */
export function restoreFolderFault(path: string): string | null {
  if (path === "") return "Name a folder.";
  if (!beginning.test(path))
    return "Use an absolute path, or one that begins with ~/ or $HOME.";
  return otherVariable.test(path)
    ? "Only $HOME is filled in; write other folders out."
    : null;
}
