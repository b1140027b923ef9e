/**
 * Turns a JSON number, given as its text, into an id. Different numbers never give the same id, however many digits they have.
 * A whole number keeps its digits. A number with a fraction or an exponent is written as JavaScript writes it (`1.0` and `1e0`
 * become `1`), because a JavaScript client looks itself up by that form. Where JavaScript would round, the text stays.
 */
export function numberAsId(source: string): string {
  if (/^(?:0|-?[1-9]\d*)$/.test(source)) return source;
  const usual = String(Number(source));
  return valueOf(usual) === valueOf(source) ? usual : source;
}

/** A text that is the same for equal numbers; undefined for infinity. */
function valueOf(number: string): string | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = (whole + fraction).replace(/^0+/, '');
  let { length } = digits;
  while (digits.charAt(length - 1) === '0') length -= 1;
  if (length === 0) return '0';
  return `${sign}${digits.slice(0, length)}e${Number(exponent) - fraction.length + digits.length - length}`;
}
