/** Lines that hold code, and those of them that ran. */
export type Coverage = { readonly lines: number; readonly run: number };

/** Reads an lcov report: per file which lines hold code, and how often each ran. */
export const readLcov = (text: string): ReadonlyMap<string, Coverage> => {
  const files = new Map<string, Coverage>();
  for (const record of text.split("end_of_record")) {
    const path = /^SF:(.+)$/m.exec(record)?.[1];
    if (path === undefined) continue;
    const counts = [...record.matchAll(/^DA:\d+,(\d+)/gm)];
    const run = counts.filter(([, count]) => count !== "0").length;
    files.set(path, { lines: counts.length, run });
  }
  return files;
};

/** Of a file that no test has loaded nothing ran: its lines count as they stand there. */
export const unloaded = (source: string): Coverage => {
  const isCode = (line: string) => /^\s*[^\s/*]/.test(line);
  return { lines: source.split("\n").filter(isCode).length, run: 0 };
};

export const total = (all: Iterable<Coverage>): Coverage => {
  let [lines, run] = [0, 0];
  for (const of of all) {
    lines += of.lines;
    run += of.run;
  }
  return { lines, run };
};
