/** Whether a page's origin is one of those that are allowed; `*` stands for any text, case does not count. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  const text = lowerCase(origin);
  return allowed.some((pattern) => matches(text, lowerCase(pattern)));
}

/**
 * Each part of the pattern at its first place, never back: the origin is anybody's text, and a regular
 * expression with several `.*` takes seconds for one of two kilobytes.
 */
function matches(text: string, pattern: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Of ASCII alone: other letters have lower cases that are ASCII. */
function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
