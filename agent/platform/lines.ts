/** Longest line kept, in UTF-16 units: a snapshot list is one line of JSON. */
const longestOfRestic = 64 * 1024 * 1024;

export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Gives out what is left without a line end. */
  end(): void;
}

/** Cuts a byte stream into lines without their ends. A line longer than `longest` loses its rest. */
export function createLineSplitter(
  onLine: (line: string) => void,
  longest: number = longestOfRestic,
): LineSplitter {
  const decoder = new TextDecoder();
  let rest = "";

  function take(text: string): void {
    let start = 0;
    for (;;) {
      const end = text.indexOf("\n", start);
      if (end < 0) break;
      emit(rest + text.slice(start, end));
      rest = "";
      start = end + 1;
    }
    if (rest.length < longest) rest += text.slice(start);
  }

  /** restic returns to the start of the line before it writes over a progress line. */
  function emit(line: string): void {
    onLine(isPlain(line) ? line : line.replace(/^\r+|\r+$/g, ""));
  }

  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end() {
      take(decoder.decode());
      if (rest !== "") emit(rest);
      rest = "";
    },
  };
}

/** The usual case without a regular expression: a big backup says a million lines. */
function isPlain(line: string): boolean {
  const carriageReturn = 13;
  return (
    line.charCodeAt(0) !== carriageReturn &&
    line.charCodeAt(line.length - 1) !== carriageReturn
  );
}
