type WrittenLimits = Readonly<Record<string, number | null>>;

/** Limits as texts for the form. No limit is an empty field. */
export function limitTexts(limits: WrittenLimits): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, value]) => [name, value === null ? '' : String(value)]),
  );
}

/** The limits that were changed in the form, or a message about the one that is not a number. */
export function changedLimits(
  before: WrittenLimits,
  texts: Readonly<Record<string, string>>,
): WrittenLimits | string {
  const changed: Record<string, number | null> = {};
  for (const [name, written] of Object.entries(texts)) {
    const text = written.trim();
    if (text !== '' && !/^\d+$/.test(text))
      return `${name} must be a whole number, or empty for no limit. Got "${text}".`;
    const value = text === '' ? null : Number(text);
    if (value !== before[name]) changed[name] = value;
  }
  return changed;
}
