import { isVisible } from './check.ts';
import type { Declaration, Doc, Member, Parameter } from './read.ts';

const head = `# API of the library

<!-- Written by \`npm run docs:api\` from the docstrings of the library. Change those, not this page. -->

[testing.md](testing.md) introduces the library. This page lists everything that the package \`soketify-emulator\` exports. An editor shows the
same texts. In the examples, \`soketify\` is what \`startEmulator\` returned, and \`receiver\` what \`startReceiver\` returned.`;

/** The Markdown page of the library's declarations. */
export function renderApi(declarations: readonly Declaration[]): string {
  const exported = declarations.filter(({ isExported }) => isExported);
  const callable = exported.filter(({ kind }) => kind === 'function' || kind === 'class');
  const types = exported.filter(({ kind }) => kind === 'interface' || kind === 'type');
  const others = reachable(exported, declarations);
  return [
    head,
    `- Functions and classes: ${linksTo(callable)}\n- Types: ${linksTo(types)}`,
    '## Functions and classes',
    ...callable.map(section),
    '## Types',
    ...types.map(section),
    '## Types that are not exported',
    'The types above refer to these.',
    ...others.map(section),
  ].join('\n\n');
}

/** Returns the declarations that exports mention without being exported themselves. */
function reachable(
  exported: readonly Declaration[],
  declarations: readonly Declaration[],
): readonly Declaration[] {
  const found = new Set(exported);
  // The iteration of a set includes items that are added meanwhile.
  for (const { mentions } of found) {
    for (const name of mentions) {
      const other = declarations.find((one) => one.name === name);
      if (other !== undefined) found.add(other);
    }
  }
  return declarations.filter((one) => found.has(one) && !one.isExported);
}

function section(one: Declaration): string {
  const methods = one.members.filter(({ kind }) => kind === 'method');
  return lines(
    `### ${one.name}`,
    one.doc.text,
    signatureOf(one),
    parameterTable(one.parameters, one.doc),
    memberTable(one.members),
    ...methods.map(methodSection),
    details(one.doc),
    one.mentions.length > 0 && `See ${one.mentions.map(linkTo).join(', ')}.`,
    one.doc.since !== undefined && `Since ${one.doc.since}.`,
  );
}

function signatureOf({ kind, signature }: Declaration): string {
  if (kind === 'function' || kind === 'type') return code(signature);
  return signature === '' ? '' : `Extends \`${oneLine(signature)}\`.`;
}

function methodSection({ name, type, parameters, doc }: Member): string {
  const call = parameters.map((one) => `${one.name}${one.isOptional ? '?' : ''}`).join(', ');
  return lines(
    `#### \`${name}(${call})\``,
    doc.text,
    // Without a language, because a method alone is not a valid program.
    code(type, ''),
    Object.keys(doc.params).length > 0 && parameterTable(parameters, doc),
    details(doc),
  );
}

function details({ throws, examples }: Doc): string {
  return lines(...throws.map((text) => `**Throws** ${oneLine(text)}`), ...examples.map((text) => code(text)));
}

function parameterTable(parameters: readonly Parameter[], doc: Doc): string {
  const rows = parameters.map(({ name, isOptional, type }) => [
    `\`${name}${isOptional ? '?' : ''}\``,
    typeCell(type),
    oneLine(doc.params[name] ?? ''),
  ]);
  return table(['parameter', 'type', 'meaning'], rows);
}

function memberTable(members: readonly Member[]): string {
  const values = members.filter(({ kind }) => kind === 'value');
  const properties = members.filter((one) => one.kind === 'property' && isVisible(one));
  return lines(
    table(
      ['value', 'meaning'],
      values.map(({ name, doc }) => [typeCell(name), oneLine(doc.text)]),
    ),
    table(
      ['property', 'type', 'meaning'],
      properties.map(({ name, type, doc }) => [`\`${name}\``, typeCell(type), oneLine(doc.text)]),
    ),
  );
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  return [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function typeCell(type: string): string {
  return `\`${oneLine(type)}\``;
}

/** Formats a text as a cell of a table. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}

function code(text: string, language = 'ts'): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function linksTo(declarations: readonly Declaration[]): string {
  return declarations.map(({ name }) => linkTo(name)).join(' · ');
}

function linkTo(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

function lines(...parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false && part !== '').join('\n\n');
}
