/** Colours and other looks of a terminal: Escape, a bracket, numbers, `m`. */
const looks = /\p{Cc}\[[\d;]*m/gu;
/**
 * What a page would hide, or would move other text with: control characters, and formats such as marks of direction.
 * Letters of some scripts and emoji are joined by two of them, which do no harm.
 */
const hidden = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text from elsewhere as a person can read it: without the colours of a terminal, and with every character that hides
 * or reorders text shown by its number. What is edited and sent back must not go through here.
 */
export function plainText(text: string): string {
  return text.replaceAll(looks, "").replaceAll(hidden, (sign) => {
    const number = (sign.codePointAt(0) ?? 0).toString(16).toUpperCase();
    return `‹${number.padStart(4, "0")}›`;
  });
}
