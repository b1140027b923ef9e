/** What a client sent, in a message to it: enough to recognise it by, not a way to have it all sent back. */
export function clip(text: string, length = 200): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}
