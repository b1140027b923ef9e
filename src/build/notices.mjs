// The licences of the packages that are a part of what is built, which go where it goes.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The name, version and licence text of each package that one of these files is of. Throws if a package has no such text. */
export function noticesOf(root, sources) {
  const folders = new Set(
    sources.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(resolve(root, file)) ?? []),
  );
  return [...folders]
    .map(noticeOf)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join('\n');
}

function noticeOf(folder) {
  const names = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  if (names.length === 0) throw new Error(`${name} has no file with its licence, which must be shipped`);
  const texts = names.map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}
