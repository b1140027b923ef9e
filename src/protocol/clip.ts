/** Shortens received text for use in a message: enough to recognize it, without sending all of it back. */
export function clip(text: string, length = 200): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}
