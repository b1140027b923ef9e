import type { Declaration, Doc, Member } from './read.ts';

/** Returns what is missing in the docstrings of the exports, one sentence each; an empty list if nothing is missing. */
export function findGaps(declarations: readonly Declaration[]): readonly string[] {
  const codes = new Set(
    declarations
      .find(({ name }) => name === 'EmulatorErrorCode')
      ?.members.map(({ name }) => name.replaceAll("'", '')),
  );
  return declarations.flatMap((one) => [
    ...(one.doc.text === '' ? [`${one.name} has no docstring`] : []),
    ...(one.isExported ? gapsOfExport(one) : []),
    ...one.members
      .filter(isVisible)
      .filter(({ doc }) => doc.text === '')
      .map(({ name }) => `${one.name}.${name} has no docstring`),
    ...[one, ...one.members].flatMap(({ name, doc }) => gapsOfCodes(name, doc, codes)),
  ]);
}

function gapsOfExport({ kind, name, doc, parameters, members }: Declaration): readonly string[] {
  const isCalled = kind === 'function' || kind === 'class' || members.some((one) => one.kind === 'method');
  const undescribed = parameters.filter((parameter) => !doc.params[parameter.name]);
  return [
    ...(doc.since === undefined ? [`${name} has no @since`] : []),
    ...(isCalled && doc.examples.length === 0 ? [`${name} has no @example`] : []),
    ...(kind === 'function' && doc.throws.length === 0 ? [`${name} has no @throws`] : []),
    ...(doc.text.includes('```') ? [`${name} has an example without @example, which is not compiled`] : []),
    ...undescribed.map((parameter) => `${name} has no @param ${parameter.name}`),
  ];
}

/** Whether readers see a member: a property that must be absent only guides the compiler. */
export function isVisible({ type }: Member): boolean {
  return type !== 'undefined' && type !== 'never';
}

function gapsOfCodes(name: string, { text, throws }: Doc, known: ReadonlySet<string>): readonly string[] {
  return [
    ...codesIn(text).map((code) => `${name} names ${code} outside @throws`),
    ...throws
      .flatMap(codesIn)
      .filter((code) => !known.has(code))
      .map((code) => `${name} throws ${code}, which is not an EmulatorErrorCode`),
  ];
}

function codesIn(text: string): readonly string[] {
  return text.match(/\bERR_[A-Z_]+\b/g) ?? [];
}
