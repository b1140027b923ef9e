type WrittenLimits = Readonly<Record<string, number | null>>;

/** Limits as they stand in the form: no limit is an empty field. */
export function limitTexts(limits: WrittenLimits): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, value]) => [name, value === null ? '' : String(value)]),
  );
}

/** The limits that were changed in the form, or a sentence that says which of them is no number. */
export function changedLimits(
  before: WrittenLimits,
  texts: Readonly<Record<string, string>>,
): WrittenLimits | string {
  const changed: Record<string, number | null> = {};
  for (const [name, written] of Object.entries(texts)) {
    const text = written.trim();
    if (text !== '' && !/^\d+$/.test(text))
      return `${name} must be a whole number, or empty for no limit; got "${text}".`;
    const value = text === '' ? null : Number(text);
    if (value !== before[name]) changed[name] = value;
  }
  return changed;
}
