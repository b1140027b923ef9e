/** Text that JSON writes unchanged: no quotation mark, backslash, control character or half of a surrogate pair. */
const plain = /^[\u0020\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]*$/;

/** The JSON of a name or an id. Text that needs no escapes is written more than twice as fast as by `JSON.stringify`. */
export function jsonText(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
