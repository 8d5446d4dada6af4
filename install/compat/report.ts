export type Outcome = {
  readonly name: string;
  readonly passed: boolean;
};

/** What `bun test --reporter=junit` wrote. A test that was left out has not passed. */
export const readJunit = (xml: string): Outcome[] =>
  [
    ...xml.matchAll(
      /<testcase name="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g,
    ),
  ].map(([, name = "", , inner = ""]) => ({
    name: name
      .replaceAll("&quot;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
    passed: !/<(failure|error|skipped)/.test(inner),
  }));

/** One line a test, one column a version. */
export const table = (
  results: ReadonlyMap<string, readonly Outcome[]>,
): string => {
  const lines = [...results.keys()];
  const names = [
    ...new Set([...results.values()].flat().map(({ name }) => name)),
  ];
  const cell = (line: string, name: string): string => {
    const found = results.get(line)?.find((outcome) => outcome.name === name);
    if (found === undefined) return "–";
    return found.passed ? "ok" : "FAIL";
  };
  const row = (cells: readonly string[], title: string): string =>
    `${cells.map((text) => text.padEnd(6)).join("")} ${title}`;
  return [
    row(lines, ""),
    ...names.map((name) =>
      row(
        lines.map((line) => cell(line, name)),
        name,
      ),
    ),
  ].join("\n");
};
