/** Colours and other looks of a terminal. */
const looks = /\u001b\[[\d;]*m/g;
/** What a page would hide, or would move other text with: control characters and marks of direction. */
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text from elsewhere as a person can read it: without the colours of a terminal, and with every character that hides
 * or reorders text shown by its number. What is edited and sent back must not go through here.
 */
export function plainText(text: string): string {
  return text.replaceAll(looks, "").replaceAll(hidden, (sign) => {
    const number = sign.charCodeAt(0).toString(16).toUpperCase();
    return `‹${number.padStart(4, "0")}›`;
  });
}
