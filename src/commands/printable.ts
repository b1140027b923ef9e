/** An untrusted text made safe for a terminal: control and invisible characters become escapes. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The start of a text on one line. */
export function excerpt(text: string, length = 500): string {
  const line = printable(text.trim().replace(/\s*\n\s*/g, ' '));
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
